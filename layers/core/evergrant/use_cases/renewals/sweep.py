"""Each minute: queue all that comes due before the next run; safe to run twice, late, or killed in the middle."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.domain.due import minute_of, partitions
from evergrant.domain.ids import CredentialId
from evergrant.domain.times import iso
from evergrant.ports import Clock, CredentialStore, Queue, SweepCursor, Webhooks

AHEAD = timedelta(minutes=1)
"""Until the next run: what comes due before it waits in the queue, so that nothing waits for a run."""
READ_AGAIN = 2
"""Minutes before the cursor that are read once more: a global secondary index lags."""
AT_MOST = 180
"""Minutes replayed by one run; the next one goes on."""

Due = tuple[datetime, dict[str, object]]
"""When, and the message that says what."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run did."""

    queued: int
    until: int
    behind: int
    """Minutes that remain for the next run."""


def sweep_due(
    *,
    credentials: CredentialStore,
    webhooks: Webhooks,
    renewals: Queue,
    deliveries: Queue,
    cursor: SweepCursor,
    clock: Clock,
) -> Swept:
    """The cursor moves when everything was sent. Raises: UnavailableError, and the next run begins where this did."""
    now = clock.now()
    horizon, last = now + AHEAD, minute_of(now)
    reached = cursor.read()
    reached = last if reached is None else min(reached, last)
    until = min(last, reached + AT_MOST)
    queued = 0
    for minute in range(reached - READ_AGAIN, min(minute_of(horizon), reached + AT_MOST) + 1):
        for partition in partitions(minute):
            queued += _send(_renewals(credentials.due(partition, until=horizon)), now=now, queue=renewals)
            queued += _send(_deliveries(webhooks.due(partition, until=horizon)), now=now, queue=deliveries)
    cursor.move(until)
    return Swept(queued=queued, until=until, behind=last - until)


def _renewals(found: Iterable[tuple[CredentialId, datetime]]) -> list[Due]:
    return [(due, {"credentialId": credential_id, "due": iso(due)}) for credential_id, due in found]


def _deliveries(found: Iterable[tuple[str, datetime]]) -> list[Due]:
    named = [(due, path.split("/")) for path, due in found]
    return [
        (due, {"workspaceId": workspace_id, "eventId": event_id, "deliveryId": delivery_id})
        for due, (workspace_id, event_id, delivery_id) in named
    ]


def _send(found: Sequence[Due], *, now: datetime, queue: Queue) -> int:
    delayed: dict[int, list[dict[str, object]]] = defaultdict(list)
    for due, message in found:
        # Rounded up: a message that comes before its time would find nothing to do.
        wait = max(0, int((due - now).total_seconds()) + 1) if due > now else 0
        delayed[wait].append(message)
    for wait, messages in sorted(delayed.items()):
        queue.send(messages, delay_seconds=wait)
    return len(found)
