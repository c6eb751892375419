"""The renewals queue: renew or check one credential a message."""

from typing import TYPE_CHECKING, Any

from evergrant.domain.ids import CredentialId
from evergrant.domain.times import from_iso
from evergrant.runtime import assembly, wiring
from evergrant.runtime.batches import Batch, each_message, put_off
from evergrant.runtime.observability import logger
from evergrant.runtime.settings import settings
from evergrant.use_cases.renewals.renew import renew_due

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> Batch:
    """Only what failed comes again; while renewals are paused, everything does, later."""
    act = put_off(wiring.renewals()) if settings().paused("renewals") else _renew
    return each_message(event, act, context)


def _renew(message: dict[str, Any]) -> None:
    credential_id = CredentialId(message["credentialId"])
    done = renew_due(
        credential_id,
        from_iso(message["due"]),
        renewer=assembly.renewer(),
        cleanups=wiring.cleanups(),
        renewals=wiring.renewals(),
    )
    logger().info("renewal_done", extra={"credential_id": credential_id, "outcome": done})
