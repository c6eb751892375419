"""One attempt of one delivery: signed, sent, remembered, and queued again when it failed."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import SecretStr

from evergrant.domain.errors import ConflictError, ProviderError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.webhooks import QUEUE_DELAY_LIMIT, Attempt, Delivery, Endpoint
from evergrant.ports import Clock, Entropy, HttpClient, Queue, Sealer, Webhooks
from evergrant.use_cases.webhooks.endpoints import secret_context

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
    """The delivery after its attempt; None when there was nothing to do: a duplicate, or too early."""
    delivery = webhooks.delivery(workspace_id, event_id, delivery_id)
    now = clock.now()
    if delivery is None or delivery.status != "pending" or not _is_time(delivery, now):
        return None
    endpoint = webhooks.endpoint(workspace_id, delivery.endpoint_id)
    event = webhooks.event(workspace_id, event_id)
    if endpoint is None or event is None or endpoint.disabled_reason:
        return None
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
    after = delivery.after(attempt, jitter=jitter, retry_after=retry_after)
    try:
        webhooks.change_delivery(after, attempts_read=len(delivery.attempts))
    except ConflictError:
        # Another worker made this attempt too: the receiver has seen the same id twice, which it may.
        return None
    _remember_health(endpoint, attempt, webhooks)
    _queue_again(after, at=clock.now(), deliveries=deliveries)
    return after


def _secrets(endpoint: Endpoint, sealer: Sealer, *, at: datetime) -> list[SecretStr]:
    """The secret; during a rotation the old one too."""
    sealed = [(endpoint.sealed_secret, endpoint.secret_generation)]
    if endpoint.sealed_old_secret and endpoint.old_until and at < endpoint.old_until:
        sealed.append((endpoint.sealed_old_secret, endpoint.secret_generation - 1))
    return [
        SecretStr(sealer.open(each, secret_context(endpoint, generation)).get_secret_value().decode())
        for each, generation in sealed
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
    except ProviderError as refused:
        error = refused.code if refused.provider_status is None else refused.message
    duration = round((clock.now() - started) / timedelta(milliseconds=1))
    return Attempt(at=started, status=status, duration_ms=duration, error=error), retry_after


def _remember_health(endpoint: Endpoint, attempt: Attempt, webhooks: Webhooks) -> None:
    after = endpoint.after(ok=attempt.ok, status=attempt.status, at=attempt.at)
    if after != endpoint:
        webhooks.put_endpoint(after)


def _queue_again(delivery: Delivery, *, at: datetime, deliveries: Queue) -> None:
    if delivery.next_attempt_at is None:
        return
    wait = max(delivery.next_attempt_at - at, timedelta(0))
    # Longer waits are found by the sweep, in the due index.
    if wait <= QUEUE_DELAY_LIMIT:
        message = {
            "workspaceId": delivery.workspace_id,
            "eventId": delivery.event_id,
            "deliveryId": delivery.delivery_id,
        }
        deliveries.send([message], delay_seconds=-int(-wait.total_seconds() // 1))
