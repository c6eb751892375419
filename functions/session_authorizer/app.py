"""API Gateway's REQUEST authorizer for connect sessions: never cached, so that an ended session ends at once."""

from typing import Any

from evergrant.domain.errors import UnauthorizedError
from evergrant.runtime import wiring
from evergrant.runtime.observability import begin, logger
from evergrant.runtime.policies import allow_stage, authorization_header
from evergrant.use_cases.connect.sessions import recognise_session


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Raises: Exception("Unauthorized"), which API Gateway answers with 401."""
    begin(event)
    try:
        session = recognise_session(authorization_header(event), sessions=wiring.sessions(), clock=wiring.clock())
    except UnauthorizedError:
        logger().info("session_refused")
        raise Exception("Unauthorized") from None  # noqa: TRY002  # the very words that API Gateway looks for
    logger().info("session_recognised", extra={"workspace_id": session.workspace_id, "session_id": session.session_id})
    return allow_stage(
        event,
        principal=session.session_id,
        context={
            "workspaceId": session.workspace_id,
            "userId": session.user_id,
            "sessionId": session.session_id,
            "apps": " ".join(session.apps),
            "credentialId": session.credential_id or "",
            "hosted": "true" if session.hosted else "",
        },
    )
