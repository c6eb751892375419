"""What work is measured and handed on by, in memory: queues, cursors, rates."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from evergrant.domain.errors import TooManyRequestsError, UnavailableError
from evergrant.domain.ids import WorkspaceId

LONGEST_DELAY = 900
"""Of SQS, in seconds."""
BURST_SECONDS = 10


class FakeQueue:
    """`Queue`."""

    def __init__(self) -> None:
        self.away = False
        self.sent: list[tuple[int, Mapping[str, object]]] = []
        """Each message, after its delay."""

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        if messages and (self.away or delay_seconds > LONGEST_DELAY):
            raise UnavailableError("The queue is away for a moment. Try again.")
        self.sent += [(delay_seconds, message) for message in messages]


class FakeSweepCursor:
    """`SweepCursor`."""

    def __init__(self) -> None:
        self._minute: int | None = None

    def read(self) -> int | None:
        return self._minute

    def move(self, minute: int) -> None:
        self._minute = minute


class FakeRates:
    """`Rates`: so many a second, and ten times as many at once."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._left: dict[WorkspaceId, tuple[float, datetime]] = {}

    def take(self, workspace_id: WorkspaceId, *, at: datetime) -> None:
        most = float(self._per_second * BURST_SECONDS)
        left, since = self._left.get(workspace_id, (most, at))
        left = min(most, left + (at - since) / timedelta(seconds=1) * self._per_second)
        if left < 1:
            wait = math.ceil((1 - left) / self._per_second)
            raise TooManyRequestsError("Slower.", retry_after=max(1, wait))
        self._left[workspace_id] = (left - 1, at)
