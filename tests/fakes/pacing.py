"""How an app's renewals go, in memory."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evergrant.domain.credential import Credential
from evergrant.domain.due import minute_of
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.renewal.brake import WINDOW, Tally
from evergrant.domain.renewal.pace import Lane, Pace


@dataclass
class _Minute:
    """One app's in one workspace."""

    tally: Tally = field(default_factory=Tally)
    full_at: dict[Lane, datetime] = field(default_factory=dict[Lane, datetime])
    """When each lane's bucket is full again."""


class FakePacing:
    """`Pacing`: a minute begins with one token in each lane, and the rest comes with time."""

    def __init__(self) -> None:
        self._minutes = defaultdict[tuple[WorkspaceId, str, int], _Minute](_Minute)

    def take(self, credential: Credential, pace: Pace, *, lane: Lane, at: datetime) -> bool:
        minute = self._minute(credential, at)
        empty = at + pace.burst - pace.step
        full_at = max(at, minute.full_at.get(lane, empty))
        if full_at > empty:
            return False
        minute.full_at[lane] = full_at + pace.step
        minute.tally += Tally(asked=1)
        return True

    def jumped(self, credential: Credential, *, at: datetime) -> None:
        self._minute(credential, at).tally += Tally(asked=1)

    def died(self, credential: Credential, *, at: datetime) -> Sequence[Tally]:
        self._minute(credential, at).tally += Tally(dead=1)
        last, first = minute_of(at), minute_of(at - WINDOW) + 1
        window = [(credential.workspace_id, credential.app, minute) for minute in range(last, first - 1, -1)]
        return [self._minutes[each].tally for each in window if each in self._minutes]

    def _minute(self, credential: Credential, at: datetime) -> _Minute:
        return self._minutes[credential.workspace_id, credential.app, minute_of(at)]
