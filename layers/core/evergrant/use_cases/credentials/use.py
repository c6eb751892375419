"""That a secret is handed out is noted once a day: what is in use is renewed ahead of time."""

from dataclasses import replace
from datetime import datetime, timedelta

from evergrant.domain.credential import Credential
from evergrant.domain.due import day_of
from evergrant.domain.errors import EvergrantError
from evergrant.domain.renewal import CHECK_EVERY, next_due
from evergrant.ports import CredentialStore


def in_use(
    read: Credential, *, credentials: CredentialStore, at: datetime, check_every: timedelta = CHECK_EVERY
) -> Credential:
    """The row with today's use; its next renewal is ahead of its token's end. Nobody's read fails for it."""
    if read.last_read_day == day_of(at):
        return read
    used = replace(read, last_read_day=day_of(at))
    if read.renewable and read.due_at is not None:
        used = replace(used, due_at=min(read.due_at, next_due(used, at=at, check_every=check_every)))
    try:
        return used if credentials.note_use(used, read=read) else read
    except EvergrantError:
        return read
