"""The cleanups queue: what a deletion left to be done."""

from typing import Any

from evergrant.domain.ids import UserId, WorkspaceId
from evergrant.runtime import wiring
from evergrant.runtime.batches import Batch, each_message
from evergrant.runtime.observability import logger
from evergrant.use_cases.credentials.cleanup import delete_user_credentials


def handler(event: dict[str, Any], context: object) -> Batch:
    """Only what failed comes again."""
    return each_message(event, _clean_up)


def _clean_up(message: dict[str, Any]) -> None:
    if message["action"] != "delete_user_credentials":
        raise ValueError(message["action"])
    count = delete_user_credentials(
        WorkspaceId(message["workspaceId"]),
        UserId(message["userId"]),
        actor=message["actor"],
        credentials=wiring.credentials(),
        revoker=wiring.revoker(),
        cleanups=wiring.cleanups(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    logger().info("user_credentials_deleted", extra={"user_id": message["userId"], "count": count})
