"""Virtual time over the functions: the sweep of each minute, and messages that come when their delay is over."""

import heapq
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from evergrant.runtime import wiring

from tests.builders import MINUTE, SECOND
from tests.functions.deployment import Functions
from tests.functions.faults import KilledError

WORKERS = 5
"""At once, as the template says."""
A_MESSAGE = timedelta(milliseconds=50) / WORKERS
"""Of work, for it is all done by one after the other here."""


@dataclass(frozen=True, slots=True)
class Source:
    """A queue by its name in `wiring`, and the function it feeds; the rest as the template says."""

    queue: str
    function: str
    batch: int
    visibility: timedelta


RENEWALS = Source("renewals", "renew", batch=5, visibility=timedelta(minutes=12))
DELIVERIES = Source("deliveries", "deliver", batch=1, visibility=timedelta(minutes=3))


@dataclass
class VirtualTime:
    """`Clock`, and the `Queue` of one source: it stands until something is to happen."""

    functions: Functions
    source: Source
    at: datetime
    sent: int = 0
    before_sending: Callable[[], object] = lambda: None
    """What happens between a query of the sweep and what it sends."""
    brings_twice: Callable[[], bool] = lambda: False
    """Whether a message comes a second time, as SQS may have it."""
    _sweeping: int = 0
    _waiting: list[tuple[datetime, int, dict[str, Any]]] = field(
        default_factory=list[tuple[datetime, int, dict[str, Any]]]
    )

    def now(self) -> datetime:
        return self.at

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        if messages and self._sweeping:
            self.before_sending()
        for message in messages:
            for _ in range(2 if self.brings_twice() else 1):
                self._put(dict(message), delay_seconds * SECOND)

    def sweep(self, times: int = 1) -> None:
        """One after the other; any of them may be killed."""
        for _ in range(times):
            self._sweeping += 1
            with suppress(KilledError):
                self.functions.invoke("sweep", {})
            self._sweeping -= 1

    def pass_(self, length: timedelta, *, sweeps: int = 1) -> None:
        """So many sweeps at the beginning of each minute; and all messages at their times."""
        until = self.at + length
        minute = self.at.replace(second=0, microsecond=0) + MINUTE
        while minute <= until:
            self._deliver(minute)
            self.sweep(sweeps)
            minute += MINUTE
        self._deliver(until)

    @property
    def is_idle(self) -> bool:
        """Whether no message waits."""
        return not self._waiting

    def lose(self) -> None:
        """All messages are gone."""
        self._waiting.clear()

    def skip(self, length: timedelta) -> None:
        """Nothing happens meanwhile: neither a sweep, nor any message."""
        self.at += length

    def _put(self, message: dict[str, Any], delay: timedelta) -> None:
        self.sent += 1
        heapq.heappush(self._waiting, (self.at + delay, self.sent, message))

    def _deliver(self, until: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= until:
            self.at = max(self.at, self._waiting[0][0])
            batch = [heapq.heappop(self._waiting)[2]]
            while self._waiting and len(batch) < self.source.batch and self._waiting[0][0] <= self.at:
                batch.append(heapq.heappop(self._waiting)[2])
            self.skip(A_MESSAGE * len(batch))
            records = [{"messageId": str(n), "body": json.dumps(each)} for n, each in enumerate(batch)]
            for failed in self._worked(records):
                self._put(batch[failed], self.source.visibility)
        self.at = max(self.at, until)

    def _worked(self, records: list[dict[str, str]]) -> list[int]:
        """Which come again; of a worker that was killed, all."""
        try:
            answer = self.functions.invoke(self.source.function, {"Records": records})
        except KilledError:
            return list(range(len(records)))
        return [int(failed["itemIdentifier"]) for failed in answer["batchItemFailures"]]


@contextmanager
def virtual(functions: Functions, source: Source = RENEWALS) -> Generator[VirtualTime]:
    """From the next full minute on."""
    time = VirtualTime(functions, source, wiring.clock().now().replace(second=0, microsecond=0) + MINUTE)
    with patch.object(wiring, "clock", lambda: time), patch.object(wiring, source.queue, lambda: time):
        yield time
