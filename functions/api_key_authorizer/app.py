"""API Gateway's REQUEST authorizer for API keys: coarse allow of the whole stage, with who it is.

The policy is cached for 60 s by API Gateway and must not depend on the route: scopes are checked by the handlers.
"""

from typing import Any

from evergrant.domain.errors import UnauthorizedError
from evergrant.runtime import wiring
from evergrant.runtime.observability import begin, logger
from evergrant.runtime.policies import allow_stage, authorization_header
from evergrant.use_cases.workspaces.api_keys import recognise


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Raises: Exception("Unauthorized"), which API Gateway answers with 401."""
    begin(event)
    try:
        key = recognise(authorization_header(event), directory=wiring.directory(), clock=wiring.clock())
    except UnauthorizedError:
        logger().info("api_key_refused")
        raise Exception("Unauthorized") from None  # noqa: TRY002  # the very words that API Gateway looks for
    logger().info("api_key_recognised", extra={"workspace_id": key.workspace_id, "api_key_id": key.api_key_id})
    return allow_stage(
        event,
        principal=key.api_key_id,
        context={"workspaceId": key.workspace_id, "apiKeyId": key.api_key_id, "scopes": " ".join(key.scopes)},
    )
