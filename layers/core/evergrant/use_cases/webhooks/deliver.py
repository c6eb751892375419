"""One delivery's next attempt: made where its endpoint has room, remembered, and queued again when it failed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from evergrant.domain.errors import ConflictError, KeyUnavailableError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.webhooks import QUEUE_DELAY_LIMIT, Delivery, Endpoint
from evergrant.ports.pacing import Slots
from evergrant.ports.queues import Queue
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.webhooks import Carrier, Webhooks
from evergrant.use_cases.webhooks.attempt import Sign, attempted
from evergrant.use_cases.webhooks.health import note_attempt

EARLY = timedelta(seconds=2)


def deliver(
    workspace_id: WorkspaceId,
    event_id: str,
    delivery_id: str,
    *,
    webhooks: Webhooks,
    slots: Slots,
    sealer: Sealer,
    carrier: Callable[[Endpoint], Carrier],
    deliveries: Queue,
    sign: Sign,
    clock: Clock,
    entropy: Entropy,
) -> Delivery | None:
    """The delivery after its attempt; None when there was nothing to do: a duplicate, or too early.

    While its endpoint is paused, or its key away, or others hold it up, it waits without an attempt; where the
    endpoint is gone or disabled it ends.
    """
    read = webhooks.delivery(workspace_id, event_id, delivery_id)
    now = clock.now()
    if read is None or not read.is_open or not _is_time(read, now):
        return None
    endpoint = webhooks.endpoint(workspace_id, read.endpoint_id)
    event = webhooks.event(workspace_id, event_id)
    if endpoint is None or event is None or endpoint.disabled_reason:
        return _kept(read.ended(), read, at=now, webhooks=webhooks, deliveries=deliveries)
    if endpoint.paused:
        return _kept(read.put_off(at=now), read, at=now, webhooks=webhooks, deliveries=deliveries)
    jitter = int.from_bytes(entropy.bytes(2)) / 2**16
    slot = slots.take(endpoint, at=now)
    if slot is None:
        return _kept(read.held_up(at=now, jitter=jitter), read, at=now, webhooks=webhooks, deliveries=deliveries)
    try:
        attempt, retry_after = attempted(
            endpoint, event, sealer=sealer, carrier=carrier(endpoint), sign=sign, clock=clock
        )
    except KeyUnavailableError:
        return _kept(read.put_off(at=now), read, at=now, webhooks=webhooks, deliveries=deliveries)
    finally:
        slots.give_back(slot)
    after = read.after(attempt, jitter=jitter, retry_after=retry_after)
    kept = _kept(after, read, at=clock.now(), webhooks=webhooks, deliveries=deliveries)
    if kept:
        note_attempt(endpoint, attempt, webhooks=webhooks, entropy=entropy)
    return kept


def _is_time(delivery: Delivery, now: datetime) -> bool:
    return delivery.next_attempt_at is None or delivery.next_attempt_at <= now + EARLY


def _kept(after: Delivery, read: Delivery, *, at: datetime, webhooks: Webhooks, deliveries: Queue) -> Delivery | None:
    """Remembered, and queued where it is to be tried soon; longer waits are found by the sweep, in the due index.

    None when another worker made this attempt too: the receiver has seen the same id twice, which it may.
    """
    wait = max(after.next_attempt_at - at, timedelta(0)) if after.next_attempt_at else None
    queued = wait is not None and wait <= QUEUE_DELAY_LIMIT
    try:
        webhooks.change_delivery(after, attempts_read=len(read.attempts), queued=queued)
    except ConflictError:
        return None
    if wait is not None and queued:
        deliveries.send([after.message], delay_seconds=-int(-wait.total_seconds() // 1))
    return after
