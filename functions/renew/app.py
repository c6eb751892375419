"""The renewals queue: renew or check one credential a message."""

from typing import Any

from evergrant.domain.ids import CredentialId
from evergrant.domain.times import from_iso
from evergrant.runtime import wiring
from evergrant.runtime.batches import Batch, each_message
from evergrant.runtime.observability import logger
from evergrant.use_cases.renewals.renew import renew_due


def handler(event: dict[str, Any], context: object) -> Batch:
    """Only what failed comes again."""
    return each_message(event, _renew)


def _renew(message: dict[str, Any]) -> None:
    credential_id = CredentialId(message["credentialId"])
    done = renew_due(credential_id, from_iso(message["due"]), renewer=wiring.renewer(), cleanups=wiring.cleanups())
    logger().info("renewal_done", extra={"credential_id": credential_id, "outcome": done})
