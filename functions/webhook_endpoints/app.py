"""/webhooks: who hears of what, and what is sent again."""

from datetime import timedelta
from typing import Annotated, Literal

from evergrant.domain import replays
from evergrant.domain.addresses import check_receiver, page_url, web_address
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.events import EventType
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.targets import TARGETS, TargetType, check_named
from evergrant.domain.webhooks import Endpoint
from evergrant.ports.pages import Page
from evergrant.runtime import assembly, wiring
from evergrant.runtime.http import Answer, Http, PageQuery, Strict, answer, caller, idempotent, live_caller, ok, secret
from evergrant.runtime.lists import listed
from evergrant.runtime.moments import Moment
from evergrant.runtime.settings import settings
from evergrant.runtime.text import OptionalText, Tags
from evergrant.use_cases.webhooks import endpoints
from evergrant.use_cases.webhooks.missed import missed_by
from evergrant.use_cases.webhooks.replay import find_replay
from pydantic import AfterValidator, Field

http = Http()
handler = http.handler

Url = Annotated[str, Field(max_length=2048), AfterValidator(page_url)]
Arn = Annotated[str, Field(max_length=2048)]
Types = Annotated[tuple[EventType, ...], Field(max_length=20)]
Apps = Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=100)]


class NewEndpoint(Strict):
    """`POST /webhooks/endpoints`; one that names no types gets `credential.expired`.

    A webhook has a `url`; a bus or a queue has an `arn` instead, which the deployment's parameters name.
    """

    type: TargetType = "webhook"
    url: Url | None = None
    arn: Arn | None = None
    events: Types = ()
    apps: Apps = ()
    user_tags: Tags = ()
    description: OptionalText = None


class EndpointChanges(Strict):
    """`PATCH`: the fields named change."""

    url: Url | None = None
    arn: Arn | None = None
    events: Types | None = None
    apps: Apps | None = None
    user_tags: Tags | None = None
    description: OptionalText = None
    status: Literal["active", "paused"] | None = None


class Rotation(Strict):
    """`POST /webhooks/endpoints/{endpointId}/rotate-secret`"""

    overlap_seconds: Annotated[int, Field(ge=0, le=604_800)] = 86_400


class Replay(Strict):
    """`POST /webhooks/endpoints/{endpointId}/replay`"""

    since: Moment
    until: Moment | None = None
    types: Types = ()
    only_failed: bool = False


def _check(workspace_id: WorkspaceId) -> endpoints.AddressCheck:
    """What this deployment allows, for a workspace of it."""

    def check(type_: TargetType, address: str) -> None:
        parameter = TARGETS[type_].parameter
        if parameter:
            check_named(type_, address, settings().named_in(parameter))
            return
        own = [web_address(each) for each in http.own_urls]
        try:
            check_receiver(address, loopback=wiring.may_use_loopback(workspace_id), own=own)
        except ValueError as error:
            raise ValidationFailedError([Detail("url", f"This {error}.")]) from None

    return check


@http.post("/webhooks/endpoints")
@idempotent
def create(body: NewEndpoint) -> Answer:
    """Register a receiver; its secret is shown once."""
    who = live_caller(http)
    who.require("webhooks")
    made, signing = endpoints.create_endpoint(
        who,
        endpoints.NewEndpoint(body.type, body.url, body.arn, body.events, body.apps, body.user_tags, body.description),
        check=_check(who.workspace_id),
        apps=wiring.apps(),
        webhooks=wiring.webhooks(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=http.identities,
    )
    return secret(201, {**made.shown(), "secret": signing and signing.get_secret_value()})


@http.get("/webhooks/endpoints")
def list_all(query: PageQuery) -> Answer:
    """The workspace's receivers; never their secrets."""
    who = caller(http)
    who.require("webhooks")

    def read(after: str | None) -> Page[Endpoint]:
        return endpoints.list_endpoints(who, limit=query.limit, after=after, webhooks=wiring.webhooks())

    return listed(query, f"{who.workspace_id}|endpoints", read, Endpoint.shown)


@http.get("/webhooks/endpoints/<endpoint_id>")
def get(endpoint_id: str) -> Answer:
    """One receiver, and how it is doing."""
    who = caller(http)
    who.require("webhooks")
    return ok(endpoints.get_endpoint(who, endpoint_id, webhooks=wiring.webhooks()).shown())


@http.patch("/webhooks/endpoints/<endpoint_id>")  # pyright: ignore[reportUnknownMemberType]  # typed loosely there
def change(endpoint_id: str, body: EndpointChanges) -> Answer:
    """Change, pause or wake one."""
    who = caller(http)
    who.require("webhooks")
    named = {name: getattr(body, name) for name in body.model_fields_set - {"status"}}
    changes: dict[str, object] = {
        name: each for name, each in named.items() if each is not None or name == "description"
    }
    if body.status is not None:
        changes["paused"] = body.status == "paused"
    new, was = endpoints.change_endpoint(
        who,
        endpoint_id,
        changes,
        check=_check(who.workspace_id),
        apps=wiring.apps(),
        webhooks=wiring.webhooks(),
    )
    return ok({**new.shown(), **_offered(new, was)})


def _offered(new: Endpoint, was: Endpoint) -> dict[str, object]:
    """Of one that is disabled no more: what it missed, for a replay."""
    if new.disabled_reason or not was.disabled_reason:
        return {}
    missed = missed_by(was, webhooks=wiring.webhooks(), directory=wiring.directory(), clock=wiring.clock())
    return {"missed": missed.shown()}


@http.delete("/webhooks/endpoints/<endpoint_id>")
def delete(endpoint_id: str) -> Answer:
    """Nothing is sent there any more."""
    who = live_caller(http)
    who.require("webhooks")
    endpoints.delete_endpoint(who, endpoint_id, webhooks=wiring.webhooks())
    return ok({"success": True})


@http.post("/webhooks/endpoints/<endpoint_id>/rotate-secret")
def rotate(endpoint_id: str, body: Rotation | None = None) -> Answer:
    """A new secret, shown once; both sign meanwhile."""
    who = live_caller(http)
    who.require("webhooks")
    new, signing = endpoints.rotate_secret(
        who,
        endpoint_id,
        timedelta(seconds=(body or Rotation()).overlap_seconds),
        webhooks=wiring.webhooks(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    return secret(200, {**new.shown(), "secret": signing.get_secret_value()})


@http.post("/webhooks/endpoints/<endpoint_id>/replay")
@idempotent
def replay_events(endpoint_id: str, body: Replay) -> Answer:
    """Send again what it missed; while `state` is `running`, the rest follows in the background."""
    who = caller(http)
    who.require("webhooks")
    replay = assembly.replayer().start(
        who,
        endpoint_id,
        since=body.since,
        until=body.until,
        types=body.types,
        only_failed=body.only_failed,
        identities=http.identities,
    )
    return answer(202, replay.shown())


@http.get("/webhooks/replays")
def list_replays(query: PageQuery) -> Answer:
    """Newest first."""
    who = caller(http)
    who.require("webhooks")

    def read(after: str | None) -> Page[replays.Replay]:
        return wiring.replays().replays(who.workspace_id, limit=query.limit, after=after)

    return listed(query, f"{who.workspace_id}|replays", read, replays.Replay.shown)


@http.get("/webhooks/replays/<replay_id>")
def get_replay(replay_id: str) -> Answer:
    """How far a replay is."""
    who = caller(http)
    who.require("webhooks")
    return ok(find_replay(who, replay_id, replays=wiring.replays()).shown())


@http.post("/webhooks/endpoints/<endpoint_id>/test")
def test(endpoint_id: str) -> Answer:
    """Send it a `webhook.test` event."""
    who = caller(http)
    who.require("webhooks")
    delivery_id = endpoints.send_test(
        who, endpoint_id, webhooks=wiring.webhooks(), clock=wiring.clock(), entropy=wiring.entropy()
    )
    return answer(202, {"deliveryId": delivery_id})
