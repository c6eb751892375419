"""One attempt of one delivery: signed, sent, remembered, and queued again when it failed."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import SecretStr

from evergrant.domain.errors import ConflictError, ProviderError, ProviderTimeoutError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.webhooks import QUEUE_DELAY_LIMIT, Attempt, Delivery, Endpoint
from evergrant.ports import Clock, Entropy, HttpClient, Queue, Sealer, Webhooks
from evergrant.use_cases.webhooks.endpoints import secret_context
from evergrant.use_cases.webhooks.health import note_attempt

TOTAL_SECONDS = 15
MAX_ANSWER_BYTES = 16 * 1024
EARLY = timedelta(seconds=2)

Sign = Callable[[SecretStr, str, datetime, str], str]
"""(secret, message id, time, body) to the `webhook-signature` header."""


def deliver(
    workspace_id: WorkspaceId,
    event_id: str,
    delivery_id: str,
    *,
    webhooks: Webhooks,
    sealer: Sealer,
    http: HttpClient,
    deliveries: Queue,
    sign: Sign,
    clock: Clock,
    entropy: Entropy,
) -> Delivery | None:
    """The delivery after its attempt; None when there was nothing to do: a duplicate, or too early.

    While its endpoint is paused it waits, without an attempt; where the endpoint is gone or disabled it ends.
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
    body = json.dumps(event.body(), ensure_ascii=False, separators=(",", ":"))
    headers = {
        "content-type": "application/json",
        "user-agent": "Evergrant",
        "webhook-id": event.event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            sign(each, event.event_id, now, body) for each in _secrets(endpoint, sealer, at=now)
        ),
    }
    attempt, retry_after = _attempt(endpoint, headers, body, http=http, clock=clock)
    jitter = int.from_bytes(entropy.bytes(2)) / 2**16
    after = read.after(attempt, jitter=jitter, retry_after=retry_after)
    kept = _kept(after, read, at=clock.now(), webhooks=webhooks, deliveries=deliveries)
    if kept:
        note_attempt(endpoint, attempt, webhooks=webhooks, entropy=entropy)
    return kept


def _secrets(endpoint: Endpoint, sealer: Sealer, *, at: datetime) -> list[SecretStr]:
    return [
        SecretStr(sealer.open(sealed, secret_context(endpoint, generation)).get_secret_value().decode())
        for sealed, generation in endpoint.signing(at=at)
    ]


def _is_time(delivery: Delivery, now: datetime) -> bool:
    return delivery.next_attempt_at is None or delivery.next_attempt_at <= now + EARLY


def _attempt(
    endpoint: Endpoint, headers: dict[str, str], body: str, *, http: HttpClient, clock: Clock
) -> tuple[Attempt, timedelta | None]:
    started = clock.now()
    status, error, retry_after = None, None, None
    try:
        answer = http.send(
            "POST",
            endpoint.url,
            headers=headers,
            body=body.encode(),
            total_seconds=TOTAL_SECONDS,
            max_bytes=MAX_ANSWER_BYTES,
        )
        status = answer.status
        asked = answer.headers.get("retry-after", "")
        if status in {429, 503} and asked.isdecimal() and len(asked) <= 6:
            retry_after = timedelta(seconds=int(asked))
    except ProviderTimeoutError:
        error = "timeout"
    except ProviderError:
        error = "connection_failed"
    duration = round((clock.now() - started) / timedelta(milliseconds=1))
    return Attempt(at=started, status=status, duration_ms=duration, error=error), retry_after


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
