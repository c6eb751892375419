"""Each minute: queue all that comes due before the next run; safe to run twice, late, or killed in the middle."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.domain.due import FOUR, Shards, minute_of, partitions, renewal_message
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.pacing import SweepCursor
from evergrant.ports.queues import Queue
from evergrant.ports.system import Clock
from evergrant.ports.webhooks import Webhooks

AHEAD = timedelta(minutes=1)
"""Until the next run: what comes due before it waits in the queue, so that nothing waits for a run."""
READ_AGAIN = 2
"""Minutes that are read once more: a global secondary index lags."""

NAMED = {"ws": "workspaceId", "evt": "eventId", "dlv": "deliveryId", "rpl": "replayId"}
"""What a path in the index is made of, by the prefixes of their ids."""
Due = tuple[datetime, dict[str, object]]
"""When, and the message that says what."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One kind of what comes due: where it is found, where it goes, and how far it was swept."""

    found: Callable[[str, datetime], Sequence[Due]]
    queue: Queue
    cursor: SweepCursor
    shards: Shards = FOUR


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run did of one kind."""

    queued: int
    behind: int
    """Minutes that remain for the next run."""


def renewals_due(credentials: CredentialStore, *, queue: Queue, cursor: SweepCursor, shards: Shards = FOUR) -> Timed:
    """Renewals, checks and known ends."""

    def found(partition: str, until: datetime) -> list[Due]:
        rows = credentials.due(partition, until=until)
        return [(due, renewal_message(credential_id, due)) for credential_id, due in rows]

    return Timed(found, queue, cursor, shards)


def deliveries_due(webhooks: Webhooks, *, queue: Queue, cursor: SweepCursor, shards: Shards = FOUR) -> Timed:
    """Deliveries that wait long, or whose message was lost; events that the stream did not bring; running replays."""

    def found(partition: str, until: datetime) -> list[Due]:
        rows = webhooks.due(partition, until=until)
        return [(due, {NAMED[part.partition("_")[0]]: part for part in path.split("/")}) for path, due in rows]

    return Timed(found, queue, cursor, shards)


def sweep_due(kinds: Mapping[str, Timed], *, clock: Clock, has_time: Callable[[], bool]) -> dict[str, Swept]:
    """The minutes of now first, so that no pause delays what comes due today; then what was missed, oldest first.

    A cursor moves when all before it was sent. Raises: UnavailableError, and the next run begins where this did.
    """
    now = clock.now()
    last, ahead = minute_of(now), minute_of(now + AHEAD)
    queued = {
        name: sum(_sweep(kind, minute, now=now) for minute in range(last - READ_AGAIN, ahead + 1))
        for name, kind in kinds.items()
    }
    return {name: _catch_up(kind, queued[name], now=now, has_time=has_time) for name, kind in kinds.items()}


def _catch_up(kind: Timed, queued: int, *, now: datetime, has_time: Callable[[], bool]) -> Swept:
    last = minute_of(now)
    reached = kind.cursor.read()
    reached = last if reached is None else reached
    for minute in range(reached - READ_AGAIN, last - READ_AGAIN):
        if not has_time():
            return Swept(queued, behind=last - reached)
        queued += _sweep(kind, minute, now=now)
        if minute > reached:
            reached = minute
            kind.cursor.move(reached)
    kind.cursor.move(last)
    return Swept(queued, behind=0)


def _sweep(kind: Timed, minute: int, *, now: datetime) -> int:
    places = partitions(minute, shards=kind.shards)
    return sum(_send(kind.found(partition, now + AHEAD), now=now, queue=kind.queue) for partition in places)


def _send(found: Sequence[Due], *, now: datetime, queue: Queue) -> int:
    delayed: dict[int, list[dict[str, object]]] = defaultdict(list)
    for due, message in found:
        # Rounded up: a message that comes before its time would find nothing to do.
        wait = max(0, int((due - now).total_seconds()) + 1) if due > now else 0
        delayed[wait].append(message)
    for wait, messages in sorted(delayed.items()):
        queue.send(messages, delay_seconds=wait)
    return len(found)
