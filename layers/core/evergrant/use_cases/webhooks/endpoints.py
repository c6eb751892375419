"""Webhook endpoints: made, listed, changed, tested, removed."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import SecretBytes, SecretStr

from evergrant.domain.caller import Caller
from evergrant.domain.errors import NotFoundError
from evergrant.domain.events import Event
from evergrant.domain.ids import ENTROPY_BYTES, EndpointId, EventId, identifier
from evergrant.domain.sealing import SealContext
from evergrant.domain.webhooks import Endpoint, delivery_for
from evergrant.ports import Clock, Entropy, Identities, Sealer, Webhooks

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What a caller says of it; its URL was checked at the edge."""

    url: str
    events: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    user_tags: tuple[str, ...] = ()
    description: str | None = None


def secret_context(endpoint: Endpoint, generation: int) -> SealContext:
    """What a signing secret is bound to."""
    return SealContext(endpoint.workspace_id, "", endpoint.endpoint_id, "", generation, "webhook_secret")


def create_endpoint(
    caller: Caller,
    new: NewEndpoint,
    *,
    webhooks: Webhooks,
    sealer: Sealer,
    clock: Clock,
    entropy: Entropy,
    identities: Identities,
) -> tuple[Endpoint, SecretStr]:
    """The endpoint, and the only time that its secret is seen (Standard Webhooks: `whsec_` and base64)."""
    endpoint = Endpoint(
        workspace_id=caller.workspace_id,
        endpoint_id=EndpointId(identities.new("ep")),
        url=new.url,
        created_at=clock.now(),
        sealed_secret=b"",
        events=new.events,
        apps=new.apps,
        user_tags=new.user_tags,
        description=new.description,
    )
    secret, sealed = _new_secret(endpoint, 1, sealer=sealer, entropy=entropy)
    webhooks.put_endpoint(replace(endpoint, sealed_secret=sealed))
    return endpoint, secret


def rotate_secret(
    caller: Caller,
    endpoint_id: str,
    overlap: timedelta,
    *,
    webhooks: Webhooks,
    sealer: Sealer,
    clock: Clock,
    entropy: Entropy,
) -> tuple[Endpoint, SecretStr]:
    """The new secret, seen once; both sign until the overlap is over. Raises: NotFoundError."""
    read = get_endpoint(caller, endpoint_id, webhooks=webhooks)
    secret, sealed = _new_secret(read, read.secret_generation + 1, sealer=sealer, entropy=entropy)
    new = read.rotated(sealed, old_until=clock.now() + overlap)
    webhooks.put_endpoint(new)
    return new, secret


def _new_secret(endpoint: Endpoint, generation: int, *, sealer: Sealer, entropy: Entropy) -> tuple[SecretStr, bytes]:
    secret = f"whsec_{base64.b64encode(entropy.bytes(SECRET_BYTES)).decode()}"
    return SecretStr(secret), sealer.seal(SecretBytes(secret.encode()), secret_context(endpoint, generation))


def get_endpoint(caller: Caller, endpoint_id: str, *, webhooks: Webhooks) -> Endpoint:
    """Raises: NotFoundError."""
    found = webhooks.endpoint(caller.workspace_id, endpoint_id)
    if found is None:
        raise NotFoundError("There is no such endpoint in this workspace.")
    return found


def list_endpoints(caller: Caller, *, webhooks: Webhooks) -> Sequence[Endpoint]:
    """In the order of their creation."""
    return webhooks.endpoints(caller.workspace_id)


def change_endpoint(caller: Caller, endpoint_id: str, changes: Mapping[str, object], *, webhooks: Webhooks) -> Endpoint:
    """Making it active again forgives what made it fail. Raises: NotFoundError."""
    read = get_endpoint(caller, endpoint_id, webhooks=webhooks)
    new = replace(read, **changes)  # type: ignore[arg-type]  # the handler's model has checked them
    if changes.get("paused") is False:
        new = replace(new, failing_since=None, disabled_reason=None)
    webhooks.put_endpoint(new)
    return new


def delete_endpoint(caller: Caller, endpoint_id: str, *, webhooks: Webhooks) -> None:
    """Nothing is sent there any more. Raises: NotFoundError."""
    webhooks.delete_endpoint(get_endpoint(caller, endpoint_id, webhooks=webhooks))


def send_test(caller: Caller, endpoint_id: str, *, webhooks: Webhooks, clock: Clock, entropy: Entropy) -> str:
    """A `webhook.test` event for this endpoint alone; the delivery's id. Raises: NotFoundError."""
    endpoint = get_endpoint(caller, endpoint_id, webhooks=webhooks)
    now = clock.now()
    event = Event(
        event_id=EventId(identifier("evt", at=now, entropy=entropy.bytes(ENTROPY_BYTES))),
        workspace_id=caller.workspace_id,
        type="webhook.test",
        at=now,
        only_endpoint=endpoint.endpoint_id,
    )
    webhooks.put_event(event)
    return delivery_for(event, endpoint).delivery_id
