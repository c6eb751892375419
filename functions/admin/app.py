"""The IAM-invoked door: workspaces with their first key, branch keys, renewals, restores. It has no route in the API.

`sam remote invoke AdminFunction --event '{"action": "create_workspace", "name": "Shop", "environment": "production"}'`
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from evergrant.runtime import wiring
from evergrant.runtime.observability import logger
from evergrant.runtime.text import Name
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MILLISECONDS = 5_000


class Action(BaseModel):
    """What may be asked."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CreateWorkspace(Action):
    """A workspace and its first key."""

    action: Literal["create_workspace"]
    name: Name
    environment: Literal["production", "development"]


class RotateKeys(Action):
    """A new version of the branch key, which seals from now on."""

    action: Literal["rotate_keys"]


class Rewrap(Action):
    """Move what older versions wrapped, from where the last run ended."""

    action: Literal["rewrap"]
    after: str | None = None


class StartAgain(Action):
    """After a restore: what the backup does not know of is done again, from where the last run ended."""

    action: Literal["start_again"]
    since: AwareDatetime
    after: str | None = None


class Renewals(Action):
    """How renewals are doing, from where the last run ended."""

    action: Literal["renewals"]
    after: str | None = None


Asked = Annotated[CreateWorkspace | RotateKeys | Rewrap | StartAgain | Renewals, Field(discriminator="action")]
ASKED: TypeAdapter[CreateWorkspace | RotateKeys | Rewrap | StartAgain | Renewals] = TypeAdapter(Asked)


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Do what is asked."""
    asked = ASKED.validate_python(event)
    logger().info("admin_asked", extra={"action": asked.action})
    match asked:
        case CreateWorkspace():
            return _create_workspace(asked)
        case RotateKeys():
            return {"version": wiring.branch_keys().rotate()}
        case Rewrap():
            return _rewrap(asked, context)
        case StartAgain():
            return _start_again(asked, context)
        case Renewals():
            return _renewals(asked, context)


def _create_workspace(asked: CreateWorkspace) -> dict[str, Any]:
    """The key in the answer is shown this once."""
    from evergrant.use_cases.workspaces.manage import create_workspace

    workspace, minted = create_workspace(
        asked.name,
        asked.environment,
        directory=wiring.directory(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=wiring.identities(),
    )
    return {
        "workspaceId": workspace.workspace_id,
        "apiKeyId": minted.api_key.api_key_id,
        "apiKey": minted.key.get_secret_value(),
    }


def _start_again(asked: StartAgain, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.credentials.restored import start_again

    done = start_again(
        asked.since,
        asked.after,
        audit=wiring.audit(),
        cleanups=wiring.cleanups(),
        cursor=wiring.cursor("renewals"),
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS,
    )
    return {"deleted": done.deleted, "after": done.after}


def _renewals(asked: Renewals, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.renewals.survey import survey

    found = survey(
        asked.after,
        rows=wiring.credential_states(),
        clock=wiring.clock(),
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS,
    )
    return found.shown()


def _rewrap(asked: Rewrap, context: "LambdaContext") -> dict[str, Any]:
    from evergrant.use_cases.keys.rewrap import rewrap

    done = rewrap(
        asked.after,
        rows=wiring.sealed_rows(),
        sealer=wiring.sealer(),
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS,
    )
    return {"moved": done.moved, "unreadable": done.unreadable, "after": done.after}
