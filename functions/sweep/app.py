"""Each minute: queue what has come due."""

from typing import TYPE_CHECKING, Any

from evergrant.runtime import assembly, wiring
from evergrant.runtime.observability import logger
from evergrant.runtime.settings import settings
from evergrant.use_cases.renewals.sweep import sweep_due

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MILLISECONDS = 10_000
"""What the rest of a run may take after its last look at the time."""


def handler(event: object, context: "LambdaContext") -> dict[str, Any]:
    """The schedule's target. The cursor of what is paused stays, and nothing of it is missed."""
    swept = sweep_due(
        {name: kind for name, kind in assembly.timed().items() if not settings().paused(name)},
        clock=wiring.clock(),
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS,
    )
    told = {name: {"queued": each.queued, "behind": each.behind} for name, each in swept.items()}
    # The heartbeat alarm counts this line.
    logger().info("swept", extra=told)
    return told
