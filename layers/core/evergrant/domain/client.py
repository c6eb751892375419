"""The owner's OAuth client at a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from evergrant.domain.app import Way
from evergrant.domain.errors import AppMisconfiguredError
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
    hosts: frozenset[str] = frozenset()
    """Where it may go, as the app's entry wrote it when the client was set (`Way.rules_for_client`)."""

    def require(self, way: Way) -> None:
        """Raises: AppMisconfiguredError (`app_changed`) when the entry sends it, or shows it, elsewhere."""
        if not way.rules_for_client() <= self.hosts:
            raise AppMisconfiguredError(
                "The app's entry has changed where the client's secret goes: set the client again with "
                "PUT /apps/{app}/client.",
                code="app_changed",
            )


def redirect_uri(base_url: str, workspace_id: str, app: str) -> str:
    """One for each workspace and app: a code meant for another context never arrives here (COAT, CORF)."""
    return f"{base_url}/oauth/callback/{workspace_id}/{app}"
