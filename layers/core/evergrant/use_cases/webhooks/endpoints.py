"""Webhook endpoints: made, listed, changed, tested, removed."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from pydantic import SecretBytes, SecretStr

from evergrant.domain.caller import Caller
from evergrant.domain.errors import ConflictError, NotFoundError
from evergrant.domain.events import Event
from evergrant.domain.ids import ENTROPY_BYTES, EndpointId, EventId, identifier
from evergrant.domain.sealing import SealContext
from evergrant.domain.targets import TARGETS, TargetType, check_fields
from evergrant.domain.webhooks import Endpoint, delivery_for
from evergrant.ports.pages import Page
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy, Identities
from evergrant.ports.webhooks import Webhooks
from evergrant.ports.workspaces import Apps
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.paging import part_of

SECRET_BYTES = 32
TRIES = 20
"""To change what others change too; each is refused only by one of theirs."""


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What a caller says of it; its address was checked at the edge."""

    type: TargetType
    url: str | None = None
    arn: str | None = None
    events: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    user_tags: tuple[str, ...] = ()
    description: str | None = None


AddressCheck = Callable[[TargetType, str], None]
"""Whether an endpoint of that type may have that address. Raises: ValidationFailedError."""


def secret_context(endpoint: Endpoint, generation: int) -> SealContext:
    """What a signing secret is bound to."""
    return SealContext(endpoint.workspace_id, "", endpoint.endpoint_id, "", generation, "webhook_secret")


def create_endpoint(
    caller: Caller,
    new: NewEndpoint,
    *,
    check: AddressCheck,
    apps: Apps,
    webhooks: Webhooks,
    sealer: Sealer,
    clock: Clock,
    entropy: Entropy,
    identities: Identities,
) -> tuple[Endpoint, SecretStr | None]:
    """The endpoint, and the only time that its secret is seen (Standard Webhooks: `whsec_` and base64); None where
    its type is not signed.

    Raises: ValidationFailedError, also as `check`.
    """
    _check_address(new.type, {"url": new.url, "arn": new.arn}, check, is_new=True)
    endpoint = Endpoint(
        workspace_id=caller.workspace_id,
        endpoint_id=EndpointId(identities.new("ep")),
        url=new.url,
        created_at=clock.now(),
        sealed_secret=b"",
        type=new.type,
        arn=new.arn,
        events=new.events,
        apps=_slugs(caller, new.apps, apps=apps),
        user_tags=new.user_tags,
        description=new.description,
    )
    signed = TARGETS[new.type].is_signed
    secret, sealed = _new_secret(endpoint, 1, sealer=sealer, entropy=entropy) if signed else (None, b"")
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
    """The new secret, seen once; the one before signs too until the overlap is over. Of several at once, each counts.

    Raises: NotFoundError; ConflictError (`endpoint_not_signed`, `too_many_secrets`, `changed_meanwhile`).
    """
    made: list[SecretStr] = []

    def rotated(read: Endpoint) -> Endpoint:
        read.check_signed()
        secret, sealed = _new_secret(read, read.secret_generation + 1, sealer=sealer, entropy=entropy)
        made.append(secret)
        return read.rotated(sealed, at=clock.now(), overlap=overlap)

    return _changed(caller, endpoint_id, rotated, webhooks=webhooks)[0], made[-1]


def _changed(
    caller: Caller, endpoint_id: str, change: Callable[[Endpoint], Endpoint], *, webhooks: Webhooks
) -> tuple[Endpoint, Endpoint]:
    """Made anew of what stands there, while others change it too; and what that was."""
    for _ in range(TRIES):
        read = get_endpoint(caller, endpoint_id, webhooks=webhooks)
        new = change(read)
        if webhooks.change_endpoint(new, read=read):
            return new, read
    raise ConflictError("Others are changing this endpoint too. Repeat the request.", code="changed_meanwhile")


def _new_secret(endpoint: Endpoint, generation: int, *, sealer: Sealer, entropy: Entropy) -> tuple[SecretStr, bytes]:
    secret = f"whsec_{base64.b64encode(entropy.bytes(SECRET_BYTES)).decode()}"
    return SecretStr(secret), sealer.seal(SecretBytes(secret.encode()), secret_context(endpoint, generation))


def get_endpoint(caller: Caller, endpoint_id: str, *, webhooks: Webhooks) -> Endpoint:
    """Raises: NotFoundError."""
    found = webhooks.endpoint(caller.workspace_id, endpoint_id)
    if found is None:
        raise NotFoundError("There is no such endpoint in this workspace.")
    return found


def get_awake(caller: Caller, endpoint_id: str, *, webhooks: Webhooks) -> Endpoint:
    """For what sends something there. Raises: NotFoundError; ConflictError (`endpoint_paused`, `endpoint_disabled`)."""
    found = get_endpoint(caller, endpoint_id, webhooks=webhooks)
    if not found.is_awake:
        raise ConflictError(
            f'This endpoint is {found.status}: resume it first, by a PATCH with `status: "active"`.',
            code=f"endpoint_{found.status}",
        )
    return found


def list_endpoints(caller: Caller, *, limit: int, after: str | None, webhooks: Webhooks) -> Page[Endpoint]:
    """In the order of their creation."""
    return part_of(webhooks.endpoints(caller.workspace_id), lambda each: each.endpoint_id, limit=limit, after=after)


def _check_address(type_: TargetType, given: Mapping[str, str | None], check: AddressCheck, *, is_new: bool) -> None:
    check_fields(type_, given, is_new=is_new)
    address = given[TARGETS[type_].field]
    if address is not None:
        check(type_, address)


def change_endpoint(
    caller: Caller,
    endpoint_id: str,
    changes: Mapping[str, object],
    *,
    check: AddressCheck,
    apps: Apps,
    webhooks: Webhooks,
) -> tuple[Endpoint, Endpoint]:
    """As it is now, and as it was. Making it active again forgives what made it fail.

    Raises: NotFoundError; ValidationFailedError, also as `check`; ConflictError (`changed_meanwhile`).
    """
    named = dict(changes)
    if "apps" in named:
        named["apps"] = _slugs(caller, cast("Sequence[str]", named["apps"]), apps=apps)

    given = {name: cast("str | None", named.get(name)) for name in ("url", "arn")}

    def changed(read: Endpoint) -> Endpoint:
        _check_address(read.type, given, check, is_new=False)
        new = replace(read, **named)  # type: ignore[arg-type]  # the handler's model has checked them
        return new.woken() if named.get("paused") is False else new

    return _changed(caller, endpoint_id, changed, webhooks=webhooks)


def _slugs(caller: Caller, names: Sequence[str], *, apps: Apps) -> tuple[str, ...]:
    """Events name apps by their slugs: an alias would never fit. Raises: ValidationFailedError (`unknown_app`)."""
    found = [
        named_app(caller.workspace_id, name, path=f"apps.{place}", apps=apps).slug for place, name in enumerate(names)
    ]
    return tuple(dict.fromkeys(found))


def delete_endpoint(caller: Caller, endpoint_id: str, *, webhooks: Webhooks) -> None:
    """Nothing is sent there any more. Raises: NotFoundError."""
    webhooks.delete_endpoint(get_endpoint(caller, endpoint_id, webhooks=webhooks))


def send_test(caller: Caller, endpoint_id: str, *, webhooks: Webhooks, clock: Clock, entropy: Entropy) -> str:
    """A `webhook.test` event for this endpoint alone; the delivery's id. Raises: as `get_awake`."""
    endpoint = get_awake(caller, endpoint_id, webhooks=webhooks)
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
