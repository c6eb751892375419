"""Valid data with one thing changed."""

from datetime import UTC, datetime
from typing import Any

from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def a_credential(**changed: Any) -> Credential:
    """An OAuth grant of Ada's with Acme, made at noon."""
    valid: dict[str, Any] = {
        "workspace_id": WorkspaceId("ws_1"),
        "user_id": UserId("usr_1"),
        "credential_id": CredentialId("cred_1"),
        "app": "acme",
        "kind": "oauth2",
        "name": "Acme ada",
        "created_at": NOON,
        "updated_at": NOON,
        "token_issued_at": NOON,
        "renewable": True,
    }
    return Credential(**{**valid, **changed})
