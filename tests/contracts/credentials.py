"""What the exams of credentials are held with."""

from datetime import datetime
from typing import Any

from evergrant.domain.credential import Credential, Failure
from evergrant.domain.due import partitions, slot
from evergrant.domain.ids import CredentialId

from tests.builders import (
    CREDENTIAL,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    WORKSPACE,
    a_grant,
    a_user,
    an_audit_line,
    an_event,
)
from tests.fakes.storage import Storage

FULL = a_grant(
    way="custom-way",
    tags=("a", "b"),
    expires_at=NOON + DAY,
    scopes=("read", "write"),
    missing_scopes=("admin",),
    account_id="acct-1",
    variables={"shop": "ada.example"},
    last_verified_at=NOON,
    last_renewed_at=NOON,
    last_failure=Failure(NOON, "provider_error", "Later.", transient=True),
    failures=3,
    due_at=NOON + HOUR,
    status="degraded",
    deletion_told=True,
)


def kept(storage: Storage, credential: Credential) -> Credential:
    """With its user, its event and its audit line, as it is read again."""
    if storage.directory.user(credential.workspace_id, credential.user_id) is None:
        name = credential.user_id
        storage.directory.create_user(
            a_user(workspace_id=credential.workspace_id, user_id=credential.user_id, username=name)
        )
    storage.credentials.create(credential, event=an_event(), audit=an_audit_line())
    return read(storage, credential.credential_id)


def read(storage: Storage, credential_id: CredentialId = CREDENTIAL) -> Credential:
    found = storage.credentials.find(credential_id)
    assert found
    return found


def told(storage: Storage) -> tuple[list[str], list[str]]:
    """The types of events, and the actions in the audit trail."""
    events = storage.webhooks.events(WORKSPACE, since=None, limit=100, after=None).items
    lines = storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=100, after=None).items
    return sorted(each.type for each in events), sorted(each.action for each in lines)


def leased(storage: Storage, row: Credential) -> Credential:
    held = storage.credentials.begin_renewal(row, lease_until=NOON + 12 * SECOND, due_at=NOON + MINUTE)
    assert held
    return held


def a_change(read: Credential, **fields: Any) -> Credential:
    return read.changed(at=NOON + MINUTE, **fields)


def due(storage: Storage, until: datetime) -> list[tuple[str, datetime]]:
    """In all partitions of that minute."""
    minute = int(slot(CREDENTIAL, at=until).partition.partition("#")[0])
    return [each for partition in partitions(minute) for each in storage.credentials.due(partition, until=until)]
