"""How an endpoint is doing, by its deliveries; the other endpoints hear of one that was disabled."""

from evergrant.domain.events import Event
from evergrant.domain.ids import ENTROPY_BYTES, EventId, identifier
from evergrant.domain.webhooks import Attempt, Endpoint
from evergrant.ports.system import Entropy
from evergrant.ports.webhooks import Webhooks

TRIES = 5
"""While other deliveries to the same endpoint note theirs; the next attempt says it again."""


def note_attempt(tried: Endpoint, attempt: Attempt, *, webhooks: Webhooks, entropy: Entropy) -> None:
    """What the attempt says of the endpoint as it was tried: of one that was set anew meanwhile, nothing."""
    read: Endpoint | None = tried
    for _ in range(TRIES):
        if read is None or read.version != tried.version:
            return
        after = read.after(ok=attempt.ok, status=attempt.status, at=attempt.at)
        if after == read:
            return
        newly_disabled = after.disabled_reason != read.disabled_reason
        event = _disabled(after, attempt, entropy=entropy) if newly_disabled else None
        if webhooks.note_health(after, read=read, event=event):
            return
        read = webhooks.endpoint(tried.workspace_id, tried.endpoint_id)


def _disabled(endpoint: Endpoint, attempt: Attempt, *, entropy: Entropy) -> Event:
    """Its address is left out: it may hold a secret of the receiver's."""
    return Event(
        event_id=EventId(identifier("evt", at=attempt.at, entropy=entropy.bytes(ENTROPY_BYTES))),
        workspace_id=endpoint.workspace_id,
        type="endpoint.disabled",
        at=attempt.at,
        data={
            "endpointId": endpoint.endpoint_id,
            "status": endpoint.status,
            "reason": endpoint.disabled_reason,
            "description": endpoint.description,
        },
    )
