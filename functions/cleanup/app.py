"""The cleanups queue: what a deletion, or an app's change, left to be done."""

from typing import TYPE_CHECKING, Any

from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.domain.times import from_iso
from evergrant.runtime import assembly, wiring
from evergrant.runtime.batches import Batch, each_message
from evergrant.runtime.observability import logger
from evergrant.use_cases.apps.changed import expire_changed
from evergrant.use_cases.credentials.cleanup import delete_user_credentials, finish_deletion
from evergrant.use_cases.credentials.restored import delete_again
from evergrant.use_cases.events.scrub import scrub_events
from evergrant.use_cases.renewals.orphans import revoke_orphan

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> Batch:
    """Only what failed comes again."""
    return each_message(event, _clean_up, context)


def _clean_up(message: dict[str, Any]) -> None:
    ACTIONS[message["action"]](message)


def _delete_user_credentials(message: dict[str, Any]) -> None:
    count = delete_user_credentials(
        WorkspaceId(message["workspaceId"]),
        UserId(message["userId"]),
        actor=message["actor"],
        asked_at=from_iso(message["askedAt"]),
        tags=tuple(message.get("tags", ())),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        revoker=wiring.revoker(),
        cleanups=wiring.cleanups(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    logger().info("user_credentials_deleted", extra={"user_id": message["userId"], "count": count})


def _revoke(message: dict[str, Any]) -> None:
    outcome = finish_deletion(
        CredentialId(message["credentialId"]),
        actor=message["actor"],
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        revoker=wiring.revoker(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    told = {"credential_id": message["credentialId"], "revoked": outcome and outcome.revoked}
    logger().info("revocation_tried", extra=told)


def _revoke_orphan(message: dict[str, Any]) -> None:
    ended = revoke_orphan(message, keeper=assembly.outcome_keeper())
    told = {"credential_id": message["credentialId"], "revoked": ended.revoked}
    logger().info("revocation_of_orphan_tried", extra=told)


def _app_changed(message: dict[str, Any]) -> None:
    count = expire_changed(
        WorkspaceId(message["workspaceId"]),
        message["app"],
        after=message.get("after"),
        apps=wiring.apps(),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        sealer=wiring.sealer(),
        renewer=assembly.renewer(),
        cleanups=wiring.cleanups(),
    )
    logger().info("app_changed", extra={"app": message["app"], "expired": count})


def _delete_again(message: dict[str, Any]) -> None:
    deleted = delete_again(
        CredentialId(message["credentialId"]),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        revoker=wiring.revoker(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    logger().info("deleted_again", extra={"credential_id": message["credentialId"], "was_there": deleted})


def _scrub_events(message: dict[str, Any]) -> None:
    count = scrub_events(
        WorkspaceId(message["workspaceId"]),
        UserId(message["userId"]),
        after=message["after"],
        webhooks=wiring.webhooks(),
        cleanups=wiring.cleanups(),
    )
    logger().info("events_scrubbed", extra={"user_id": message["userId"], "count": count})


ACTIONS = {
    "delete_again": _delete_again,
    "delete_user_credentials": _delete_user_credentials,
    "revoke": _revoke,
    "revoke_orphan": _revoke_orphan,
    "scrub_events": _scrub_events,
    "app_changed": _app_changed,
}
