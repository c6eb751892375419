"""Where credentials are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evergrant.domain.credential import Credential
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import ApiKeyId, CredentialId, UserId, WorkspaceId
from evergrant.domain.workspace import ApiKey
from evergrant.ports.pages import Page


@dataclass(frozen=True, slots=True)
class KeyedRead:
    """A credential, the key that asks for it, and how often the workspace has changed its own apps."""

    credential: Credential | None
    key: ApiKey | None
    apps_version: int = 0


class CredentialStore(Protocol):
    """Credentials, each change of state in one transaction with its event and its audit line."""

    def get(self, credential_id: CredentialId) -> Credential | None:
        """One consistent read."""
        ...

    def get_with_key(self, credential_id: CredentialId, key: ApiKeyId, workspace_id: WorkspaceId) -> "KeyedRead":
        """All in one consistent read: for what releases secrets or destroys."""
        ...

    def find(self, credential_id: CredentialId) -> Credential | None:
        """As `get`, but one that is being deleted is found too."""
        ...

    def create(self, credential: Credential, *, event: Event, audit: AuditLine) -> None:
        """Raises: ConflictError when the id is taken; NotFoundError when the user is not there; TooLargeError."""
        ...

    def change(
        self, new: Credential, *, read: Credential, event: Event | None = None, audit: AuditLine | None = None
    ) -> None:
        """Raises: ConflictError (`code="changed_meanwhile"`) when the row is not as it was read; TooLargeError."""
        ...

    def delete(self, read: Credential, *, event: Event | None, audit: AuditLine) -> None:
        """Raises: ConflictError (`code="changed_meanwhile"`)."""
        ...

    def of_user(
        self, workspace_id: WorkspaceId, user_id: UserId, *, app: str | None, limit: int, after: str | None
    ) -> Page[Credential]:
        """Strongly consistent, in the order of their ids."""
        ...

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[CredentialId, datetime]]:
        """What the index says is due in one partition; eventually consistent: read again before acting."""
        ...

    def begin_renewal(
        self, read: Credential, *, lease_until: datetime, due_at: datetime, awaits: bool = False
    ) -> Credential | None:
        """Lease and intent in one conditional write; None when another worker won, or the row is gone.

        `awaits`: nobody's lease, until whose end nobody begins.
        """
        ...

    def finish_renewal(
        self,
        new: Credential,
        *,
        held: Credential,
        event: Event | None,
        audit: AuditLine | None,
        once: str | None = None,
        also: tuple[Event, AuditLine] | None = None,
        only_holder: bool = True,
    ) -> bool:
        """Guarded by generation, a live row, and the fence; False when it was refused.

        Without `only_holder` the fence does not matter, and status and end are as they are in `held`.
        Where this workspace was told of `once` in the last 30 days, the row is written without event and audit line.
        """
        ...

    def keep_spare(self, read: Credential, spare: bytes) -> bool:
        """Guarded by its grant and a live row alone; False when it was refused."""
        ...

    def note(self, new: Credential, *, read: Credential) -> bool:
        """What is no change of it: `last_read_day`, when it is due, `failures`; False when it is not as it was read."""
        ...


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What the operator's survey looks at of one credential."""

    app: str
    status: str
    due_at: datetime | None
    lease_until: datetime | None
    failure: str | None


class CredentialStates(Protocol):
    """All credentials, as they are doing."""

    def page(self, after: str | None) -> Page[CredentialState]:
        """The next ones, in any order; a page may be empty and not the last."""
        ...
