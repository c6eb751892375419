"""The deliveries queue: one attempt of one delivery a message."""

from typing import Any

from evergrant.domain.ids import WorkspaceId
from evergrant.runtime import wiring
from evergrant.runtime.batches import Batch, each_message
from evergrant.runtime.observability import logger
from evergrant.use_cases.webhooks.deliver import deliver


def handler(event: dict[str, Any], context: object) -> Batch:
    """Only what failed comes again."""
    return each_message(event, _deliver)


def _deliver(message: dict[str, Any]) -> None:
    after = deliver(
        WorkspaceId(message["workspaceId"]),
        message["eventId"],
        message["deliveryId"],
        webhooks=wiring.webhooks(),
        sealer=wiring.sealer(),
        http=wiring.http_client(),
        deliveries=wiring.deliveries(),
        sign=wiring.sign(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    status = after.status if after else "nothing_to_do"
    logger().info("delivery_attempted", extra={"delivery_id": message["deliveryId"], "status": status})
