"""Each minute: queue what has come due."""

from typing import Any

from evergrant.runtime import wiring
from evergrant.runtime.observability import logger
from evergrant.runtime.settings import settings
from evergrant.use_cases.renewals.sweep import sweep_due


def handler(event: object, context: object) -> dict[str, Any]:
    """The schedule's target. While renewals are paused the cursor stays, and nothing is missed."""
    if settings().paused("RENEWALS"):
        logger().info("sweep_paused")
        return {"paused": True}
    swept = sweep_due(
        credentials=wiring.credentials(),
        webhooks=wiring.webhooks(),
        renewals=wiring.renewals(),
        deliveries=wiring.deliveries(),
        cursor=wiring.sweep_cursor(),
        clock=wiring.clock(),
    )
    logger().info("swept", extra={"queued": swept.queued, "until": swept.until, "behind": swept.behind})
    return {"queued": swept.queued, "behind": swept.behind}
