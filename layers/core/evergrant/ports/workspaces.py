"""What belongs to a workspace beside its credentials: users, keys, its own apps and OAuth clients, the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from evergrant.domain.events import AuditLine
from evergrant.domain.ids import ApiKeyId, CredentialId, WorkspaceId
from evergrant.domain.workspace import ApiKey, User, Workspace
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from evergrant.domain.app import App
    from evergrant.domain.client import OAuthClient


class Directory(Protocol):
    """Workspaces, users and API keys."""

    def workspace(self, workspace_id: WorkspaceId) -> Workspace | None: ...
    def put_workspace(self, workspace: Workspace) -> None: ...
    def workspaces(self, *, after: str | None) -> Page[WorkspaceId]:
        """In no order; a part of a whole scan, for an owner's commands."""
        ...

    def user(self, workspace_id: WorkspaceId, id_or_name: str) -> User | None: ...
    def create_user(self, user: User) -> None:
        """Raises: ConflictError: `username_taken`, or another where the id is."""
        ...

    def change_user(self, new: User, *, read: User) -> None:
        """Raises: ConflictError: `username_taken`, or `changed_meanwhile` when it is not as it was read."""
        ...

    def delete_user(self, user: User) -> None:
        """Raises: ConflictError (`changed_meanwhile`) when it is not as it was read, or gone."""
        ...

    def users(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[User]:
        """In the order of their creation."""
        ...

    def api_key(self, api_key_id: ApiKeyId) -> ApiKey | None: ...
    def put_api_key(self, api_key: ApiKey) -> None: ...
    def api_keys(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[ApiKey]:
        """In the order of their creation; revoked ones too."""
        ...


class Audit(Protocol):
    """The append-only trail."""

    def append(self, line: AuditLine) -> None: ...
    def lines(
        self,
        workspace_id: WorkspaceId,
        *,
        credential_id: CredentialId | None,
        since: datetime | None,
        limit: int,
        after: str | None,
    ) -> Page[AuditLine]:
        """Newest first."""
        ...

    def deletions(self, since: datetime, *, after: str | None) -> Page[CredentialId]:
        """What was deleted since then, in all workspaces, in any order; a page may be empty and not the last."""
        ...


class RememberedApps(Protocol):
    """As `Apps`, from memory while the workspace has changed nothing: for the hot path."""

    def find(self, workspace_id: WorkspaceId, slug: str, *, version: int) -> "App | None":
        """`version` is what `get_with_key` read."""
        ...


class Apps(Protocol):
    """The effective entry of an app in a workspace: its own or an override, else the catalogue's."""

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> "App | None":
        """None when neither the workspace nor the catalogue has it."""
        ...


class OwnApps(Protocol):
    """What a workspace defined itself: its own apps, and its overrides of the catalogue's."""

    def find(self, workspace_id: WorkspaceId, slug: str) -> "App | None": ...
    def named(self, workspace_id: WorkspaceId, alias: str) -> "App | None":
        """By one of its aliases."""
        ...

    def all(self, workspace_id: WorkspaceId) -> "Sequence[App]": ...
    def with_client(self, workspace_id: WorkspaceId) -> frozenset[str]:
        """The slugs of the apps, the catalogue's too, that it has an OAuth client for; nothing is opened."""
        ...

    def put(self, workspace_id: WorkspaceId, app: "App") -> None:
        """Replace it, with its aliases. Raises: TooLargeError."""
        ...

    def delete(self, workspace_id: WorkspaceId, slug: str) -> None:
        """Back to the catalogue's."""
        ...


class OAuthClients(Protocol):
    """The workspaces' own OAuth clients, their secrets sealed."""

    def find(self, workspace_id: WorkspaceId, app: str) -> "OAuthClient | None": ...
    def put(self, client: "OAuthClient") -> None:
        """Replace it. Raises: TooLargeError."""
        ...

    def delete(self, workspace_id: WorkspaceId, app: str) -> None: ...
