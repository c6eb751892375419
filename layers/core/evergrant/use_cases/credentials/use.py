"""That a secret is handed out is noted once a day: what is in use is renewed ahead of time."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from evergrant.domain.credential import Credential
from evergrant.domain.due import day_of, not_before
from evergrant.domain.errors import EvergrantError
from evergrant.domain.renewal import lease_is_free
from evergrant.ports.credentials import CredentialStore


def read_today(credential: Credential, *, at: datetime) -> Credential:
    """As it will be noted: a renewal in the middle of a read is due again ahead of time."""
    return replace(credential, last_read_day=day_of(at))


def note_use(read: Credential, *, credentials: CredentialStore, at: datetime) -> None:
    """After a secret was opened; its next renewal is ahead of its token's end. Nobody's read fails for it."""
    with suppress(EvergrantError):
        credentials.note(_ahead(read_today(read, at=at), at=at), read=read)


def _ahead(used: Credential, *, at: datetime) -> Credential:
    starts = used.renewal_starts()
    if not used.renewable or used.due_at is None or starts is None or starts <= at or not lease_is_free(used, at=at):
        return used
    return replace(used, due_at=min(used.due_at, not_before(starts, now=at)))
