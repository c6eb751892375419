"""Who is calling: an API key of a workspace, or a connect session of one of its users."""

from dataclasses import dataclass
from typing import Literal, get_args

from evergrant.domain.errors import ForbiddenError
from evergrant.domain.ids import ApiKeyId, UserId, WorkspaceId

Scope = Literal[
    "credentials:read",
    "credentials:write",
    "secrets:read",
    "proxy",
    "connect",
    "apps",
    "webhooks",
    "audit",
    "admin",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """An API key of one workspace, as the authorizer found it."""

    workspace_id: WorkspaceId
    api_key_id: ApiKeyId
    scopes: frozenset[str]

    def require(self, scope: Scope) -> None:
        """Raises: ForbiddenError when the key does not carry `scope`."""
        if scope not in self.scopes:
            raise ForbiddenError(
                f"This API key lacks the scope `{scope}`. Use a key that has it.", code="scope_missing"
            )

    @property
    def actor(self) -> str:
        """The caller's name in the audit trail."""
        return self.api_key_id

    @property
    def identity(self) -> str:
        """The very key."""
        return self.api_key_id


@dataclass(frozen=True, slots=True)
class SessionCaller:
    """A connect session: one user, for half an hour, to connect apps and nothing else."""

    workspace_id: WorkspaceId
    user_id: UserId
    session_id: str
    apps: tuple[str, ...] = ()
    """The apps it may connect; none named means all."""
    credential_id: str | None = None

    @property
    def actor(self) -> str:
        """The caller's name in the audit trail."""
        return f"session:{self.user_id}"

    @property
    def identity(self) -> str:
        """The very session."""
        return self.session_id

    def require_app(self, app: str) -> None:
        """Raises: ForbiddenError when the session was made for other apps."""
        if self.apps and app not in self.apps:
            raise ForbiddenError("This connect session is for other apps.", code="session_limits")

    def require_credential(self, credential_id: str) -> None:
        """Raises: ForbiddenError when the session was made for another credential."""
        if self.credential_id not in (None, credential_id):
            raise ForbiddenError("This connect session is for another credential.", code="session_limits")


Actor = Caller | SessionCaller
"""Whoever may act for a workspace."""

SYSTEM = "system"
"""The actor of what Evergrant does by itself."""
