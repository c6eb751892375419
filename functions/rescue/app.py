"""The rescue queue: a new secret that storage refused at first."""

from typing import TYPE_CHECKING, Any

from evergrant.runtime import assembly
from evergrant.runtime.batches import Batch, each_message
from evergrant.runtime.observability import logger
from evergrant.use_cases.renewals.rescue import rescue

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> Batch:
    """It comes again until storage takes it."""
    return each_message(event, _rescue, context)


def _rescue(message: dict[str, Any]) -> None:
    done = rescue(message, keeper=assembly.outcome_keeper())
    logger().info("rescued", extra={"credential_id": done.credential_id, "outcome": done.outcome})
