"""The IAM-invoked door: workspaces, branch keys, renewals, restores, events. It has no route in the API.

`sam remote invoke AdminFunction --event '{"action": "create_workspace", "name": "Shop", "environment": "production"}'`
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from evergrant.domain.caller import Caller
from evergrant.domain.events import EventType
from evergrant.domain.ids import ApiKeyId, WorkspaceId
from evergrant.runtime import assembly, wiring
from evergrant.runtime.observability import logger
from evergrant.runtime.text import Name
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MILLISECONDS = 5_000
EVENTS_PAGE = 100
"""Of 20 kB at most: well within what an invocation answers."""
KmsKey = Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$")]
"""The ARN of a customer's KMS key. No alias: it could be turned to another key."""


class Action(BaseModel):
    """What may be asked."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CreateWorkspace(Action):
    """A workspace and its first key."""

    action: Literal["create_workspace"]
    name: Name
    environment: Literal["production", "development"]
    own_key: bool = Field(default=False, alias="ownKey")
    kms_key: KmsKey | None = Field(default=None, alias="kmsKey")


class OwnKey(Action):
    """A branch key of its own for a workspace."""

    action: Literal["own_key"]
    workspace_id: WorkspaceId = Field(alias="workspaceId")
    kms_key: KmsKey | None = Field(default=None, alias="kmsKey")


class RotateKeys(Action):
    """A new version of each branch key, from where the last run ended."""

    action: Literal["rotate_keys"]
    after: str | None = None


class Rewrap(Action):
    """Move what older versions wrapped, from where the last run ended."""

    action: Literal["rewrap"]
    after: str | None = None


class StartAgain(Action):
    """After a restore: what the backup does not know of is done again, from where the last run ended."""

    action: Literal["start_again"]
    since: AwareDatetime
    after: str | None = None


class Workspaces(Action):
    """All of them, from where the last run ended."""

    action: Literal["workspaces"]
    after: str | None = None


class Events(Action):
    """A workspace's events, newest first, from where the last run ended."""

    action: Literal["events"]
    workspace_id: WorkspaceId = Field(alias="workspaceId")
    since: AwareDatetime
    after: str | None = None


class Endpoints(Action):
    """A workspace's endpoints, and how they are."""

    action: Literal["endpoints"]
    workspace_id: WorkspaceId = Field(alias="workspaceId")


class Replay(Action):
    """Send again, as `POST /webhooks/endpoints/{endpointId}/replay` does."""

    action: Literal["replay"]
    workspace_id: WorkspaceId = Field(alias="workspaceId")
    endpoint_id: str = Field(alias="endpointId")
    since: AwareDatetime
    until: AwareDatetime | None = None
    types: tuple[EventType, ...] = ()
    only_failed: bool = Field(default=False, alias="onlyFailed")


class ReplayProgress(Action):
    """How far a replay is."""

    action: Literal["replay_progress"]
    workspace_id: WorkspaceId = Field(alias="workspaceId")
    replay_id: str = Field(alias="replayId")


class Renewals(Action):
    """How renewals are doing, from where the last run ended."""

    action: Literal["renewals"]
    after: str | None = None


AboutEvents = Workspaces | Events | Endpoints | Replay | ReplayProgress
Asked = CreateWorkspace | OwnKey | RotateKeys | Rewrap | StartAgain | Renewals | AboutEvents
ASKED: TypeAdapter[Asked] = TypeAdapter(Annotated[Asked, Field(discriminator="action")])


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Do what is asked."""
    asked = ASKED.validate_python(event)
    logger().info("admin_asked", extra={"action": asked.action})
    match asked:
        case CreateWorkspace():
            return _create_workspace(asked)
        case OwnKey():
            return _own_key(asked)
        case RotateKeys():
            return _rotate(asked, context)
        case Rewrap():
            return _rewrap(asked, context)
        case StartAgain():
            return _start_again(asked, context)
        case Renewals():
            return _renewals(asked, context)
        case _:
            return _about_events(asked)


def _about_events(asked: AboutEvents) -> dict[str, Any]:
    match asked:
        case Workspaces():
            found = wiring.directory().workspaces(after=asked.after)
            return {"workspaces": list(found.items), "after": found.next}
        case Events():
            return _events(asked)
        case Endpoints():
            return {"endpoints": [each.shown() for each in wiring.webhooks().endpoints(asked.workspace_id)]}
        case Replay():
            return _replay(asked)
        case ReplayProgress():
            return _replay_progress(asked)


def _create_workspace(asked: CreateWorkspace) -> dict[str, Any]:
    """The key in the answer is shown this once."""
    from evergrant.use_cases.workspaces.manage import create_workspace

    owns = asked.own_key or asked.kms_key is not None
    workspace, minted = create_workspace(
        asked.name,
        asked.environment,
        directory=wiring.directory(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=wiring.identities(),
        own_branch=partial(wiring.branch_keys().make_next, kms_key=asked.kms_key) if owns else None,
    )
    return {
        "workspaceId": workspace.workspace_id,
        "apiKeyId": minted.api_key.api_key_id,
        "apiKey": minted.key.get_secret_value(),
    }


def _own_key(asked: OwnKey) -> dict[str, Any]:
    from evergrant.use_cases.keys.own import give_own_key

    directory, keys = wiring.directory(), wiring.branch_keys()
    return {"version": give_own_key(asked.workspace_id, asked.kms_key, directory=directory, keys=keys)}


def _rotate(asked: RotateKeys, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.keys.rotate import rotate

    return asdict(rotate(asked.after, keys=wiring.branch_keys(), has_time=_has_time(context)))


def _start_again(asked: StartAgain, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.credentials.restored import start_again

    done = start_again(
        asked.since,
        asked.after,
        audit=wiring.audit(),
        cleanups=wiring.cleanups(),
        cursor=wiring.cursor("renewals"),
        has_time=_has_time(context),
    )
    return {"deleted": done.deleted, "after": done.after}


def _renewals(asked: Renewals, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.renewals.survey import survey

    found = survey(
        asked.after,
        rows=wiring.credential_states(),
        clock=wiring.clock(),
        has_time=_has_time(context),
    )
    return found.shown()


def _events(asked: Events) -> dict[str, Any]:
    store = wiring.webhooks()
    page = store.events(asked.workspace_id, since=asked.since, limit=EVENTS_PAGE, after=asked.after)
    return {"events": [each.body() for each in page.items], "after": page.next}


def _replay(asked: Replay) -> dict[str, Any]:
    replay = assembly.replayer().start(
        _operator(asked.workspace_id),
        asked.endpoint_id,
        since=asked.since,
        until=asked.until,
        types=asked.types,
        only_failed=asked.only_failed,
        identities=wiring.identities(),
    )
    return {"workspaceId": asked.workspace_id, **replay.shown()}


def _replay_progress(asked: ReplayProgress) -> dict[str, Any]:
    from evergrant.use_cases.webhooks.replay import find_replay

    found = find_replay(_operator(asked.workspace_id), asked.replay_id, replays=wiring.replays())
    return {"workspaceId": asked.workspace_id, **found.shown()}


def _operator(workspace_id: WorkspaceId) -> Caller:
    """Somebody with AWS rights, who needs no key's scopes."""
    return Caller(workspace_id, ApiKeyId("operator"), frozenset())


def _rewrap(asked: Rewrap, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.keys.rewrap import rewrap

    rows, sealer = wiring.sealed_rows(), wiring.sealer()
    return asdict(rewrap(asked.after, rows=rows, sealer=sealer, has_time=_has_time(context)))


def _has_time(context: "LambdaContext") -> Callable[[], bool]:
    return lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS
