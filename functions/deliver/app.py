"""The deliveries queue: one attempt of one delivery a message."""

from typing import TYPE_CHECKING, Any

from evergrant.domain.ids import WorkspaceId
from evergrant.runtime import wiring
from evergrant.runtime.batches import Batch, each_message, put_off
from evergrant.runtime.observability import logger
from evergrant.runtime.settings import settings
from evergrant.use_cases.webhooks.deliver import deliver

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> Batch:
    """Only what failed comes again; while notifications are paused, everything does, later."""
    act = put_off(wiring.deliveries()) if settings().paused("notifications") else _deliver
    return each_message(event, act, context)


def _deliver(message: dict[str, Any]) -> None:
    workspace_id = WorkspaceId(message["workspaceId"])
    after = deliver(
        workspace_id,
        message["eventId"],
        message["deliveryId"],
        webhooks=wiring.webhooks(),
        sealer=wiring.sealer(),
        http=wiring.http_client_for(workspace_id),
        deliveries=wiring.deliveries(),
        sign=wiring.sign(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    status = after.status if after else "nothing_to_do"
    logger().info("delivery_attempted", extra={"delivery_id": message["deliveryId"], "status": status})
