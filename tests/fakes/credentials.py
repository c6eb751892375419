"""Credentials in memory, each change with what tells of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from evergrant.domain import due
from evergrant.domain.credential import Credential
from evergrant.domain.errors import NotFoundError, TooLargeError
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import ApiKeyId, CredentialId, UserId, WorkspaceId
from evergrant.ports.credentials import CredentialState, KeyedRead
from evergrant.ports.pages import Page
from evergrant.ports.webhooks import Webhooks
from evergrant.ports.workspaces import Audit, Directory

from tests.builders import DAY, NOON, SECOND
from tests.fakes.apps import MAX_BYTES, FakeOwnApps
from tests.fakes.directory import changed_meanwhile
from tests.fakes.lists import page_of

SAID_FOR, MILLISECOND = 30 * DAY, SECOND / 1000
OUTCOME = (
    *("status", "generation", "sealed", "token_expires_at", "token_issued_at", "expires_at", "scopes"),
    *("missing_scopes", "variables", "last_verified_at", "last_renewed_at", "last_failure", "failures"),
    *("forecast_said", "updated_at", "transitions", "lease_until", "awaits", "due_at"),
)
"""What a renewal's outcome may change; all else is its owner's."""


class FakeCredentialStore:
    """`CredentialStore`, beside the fakes whose rows it writes and reads with its own."""

    def __init__(self, directory: Directory, own_apps: FakeOwnApps, webhooks: Webhooks, audit: Audit) -> None:
        self._directory, self._own_apps, self._webhooks, self._audit = directory, own_apps, webhooks, audit
        self._rows: dict[CredentialId, Credential] = {}
        self._said: dict[tuple[WorkspaceId, str], datetime] = {}

    def get(self, credential_id: CredentialId) -> Credential | None:
        found = self.find(credential_id)
        return None if found is None or found.deleting else found

    def get_with_key(self, credential_id: CredentialId, key: ApiKeyId, workspace_id: WorkspaceId) -> KeyedRead:
        return KeyedRead(self.get(credential_id), self._directory.api_key(key), self._own_apps.changes[workspace_id])

    def find(self, credential_id: CredentialId) -> Credential | None:
        return self._rows.get(credential_id)

    def create(self, credential: Credential, *, event: Event, audit: AuditLine) -> None:
        if self._directory.user(credential.workspace_id, credential.user_id) is None:
            raise NotFoundError
        if credential.credential_id in self._rows:
            raise changed_meanwhile()
        self._keep(credential)
        self._tell(event, audit)

    def change(
        self, new: Credential, *, read: Credential, event: Event | None = None, audit: AuditLine | None = None
    ) -> None:
        now = self.find(read.credential_id)
        if now is None or (now.version, *_guard(now)) != (read.version, *_guard(read)):
            raise changed_meanwhile()
        self._keep(new)
        self._tell(event, audit)

    def delete(self, read: Credential, *, event: Event | None, audit: AuditLine) -> None:
        now = self.find(read.credential_id)
        if now is None or now.version != read.version:
            raise changed_meanwhile()
        del self._rows[read.credential_id]
        self._tell(event, audit)

    def of_user(
        self, workspace_id: WorkspaceId, user_id: UserId, *, app: str | None, limit: int, after: str | None
    ) -> Page[Credential]:
        found = [
            each
            for each in self._rows.values()
            if (each.workspace_id, each.user_id, each.deleting) == (workspace_id, user_id, False)
            and app in (None, each.app)
        ]
        return page_of(found, lambda each: each.credential_id, limit=limit, after=after)

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[CredentialId, datetime]]:
        found = [(name, row.due_at) for name, row in self._rows.items() if row.due_at and row.due_at <= until]
        return [(name, at) for name, at in found if due.slot(name, at=at).partition == partition]

    def begin_renewal(
        self, read: Credential, *, lease_until: datetime, due_at: datetime, awaits: bool = False
    ) -> Credential | None:
        now = self.get(read.credential_id)
        if now is None or _guard(now) != _guard(read):
            return None
        lease = {"lease_until": lease_until, "awaits": awaits, "due_at": due_at, "fence": read.fence + 1}
        self._keep(replace(now, version=now.version + 1, **lease))  # type: ignore[arg-type]  # fields of a row
        return replace(read, version=read.version + 1, **lease)  # type: ignore[arg-type]  # fields of a row

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
        now, guard = self.get(held.credential_id), _guard_of_holder if only_holder else _guard_of_anyone
        if now is None or guard(now) != guard(held):
            return False
        outcome = {name: getattr(new, name) for name in OUTCOME}
        if new.spare != held.spare:
            outcome["spare"] = new.spare
        self._keep(replace(now, version=now.version + 1, **outcome))
        if not (event and once) or self._is_first(once, event):
            self._tell(event, audit)
        if also:
            self._tell(*also)
        return True

    def keep_spare(self, read: Credential, spare: bytes) -> bool:
        now = self.get(read.credential_id)
        if now is None or now.grant != read.grant:
            return False
        self._keep(replace(now, version=now.version + 1, spare=spare))
        return True

    def note(self, new: Credential, *, read: Credential) -> bool:
        now = self.find(read.credential_id)
        if now is None or now.version != read.version:
            return False
        noted = {"last_read_day": new.last_read_day, "failures": new.failures, "due_at": new.due_at or now.due_at}
        self._keep(replace(now, **noted))  # type: ignore[arg-type]  # checked by the slots
        return True

    def all(self) -> Sequence[Credential]:
        """Of all workspaces."""
        return list(self._rows.values())

    def _keep(self, row: Credential) -> None:
        if len(row.sealed) > MAX_BYTES:
            raise TooLargeError("All of this together is more than can be kept.")
        self._rows[row.credential_id] = replace(row, due_at=row.due_at and whole_milliseconds(row.due_at))

    def _tell(self, event: Event | None, audit: AuditLine | None) -> None:
        if event:
            self._webhooks.put_event(event)
        if audit:
            self._audit.append(audit)

    def _is_first(self, once: str, event: Event) -> bool:
        said_until = self._said.get((event.workspace_id, once))
        if said_until and said_until >= event.at:
            return False
        self._said[event.workspace_id, once] = event.at + SAID_FOR
        return True


class FakeCredentialStates:
    """`CredentialStates`: two a page."""

    def __init__(self, credentials: FakeCredentialStore) -> None:
        self._credentials = credentials

    def page(self, after: str | None) -> Page[CredentialState]:
        found = page_of(self._credentials.all(), lambda each: each.credential_id, limit=2, after=after)
        return Page([_state(each) for each in found.items], found.next)


def _state(row: Credential) -> CredentialState:
    code = row.last_failure and row.last_failure.code
    return CredentialState(row.app, row.status, row.due_at, row.lease_until, code)


def whole_milliseconds(at: datetime) -> datetime:
    """As a table keeps it: a time drawn by chance has microseconds."""
    return NOON + round((at - NOON) / MILLISECOND) * MILLISECOND


def _guard(row: Credential) -> tuple[int, int]:
    return row.generation, row.fence


def _guard_of_holder(row: Credential) -> tuple[object, ...]:
    return (*_guard(row), row.spare)


def _guard_of_anyone(row: Credential) -> tuple[object, ...]:
    return row.generation, row.status, row.expires_at
