"""The owner's OAuth client at a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from evergrant.domain.ids import WorkspaceId


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client that a workspace registered with a provider; it is never shared between workspaces."""

    workspace_id: WorkspaceId
    app: str
    client_id: str
    client_secret: SecretStr | None
    created_at: datetime
    scopes: tuple[str, ...] = ()
    """Asked for instead of the app's default ones."""
    extra: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    """Further values that the app's templates use."""


def redirect_uri(base_url: str, workspace_id: str, app: str) -> str:
    """One for each workspace and app: a code meant for another context never arrives here (COAT, CORF)."""
    return f"{base_url}/oauth/callback/{workspace_id}/{app}"
