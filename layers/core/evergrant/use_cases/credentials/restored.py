"""After a restore from a backup: what was deleted since is deleted again, and what came due since comes due again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from evergrant.domain.caller import SYSTEM
from evergrant.domain.due import minute_of
from evergrant.domain.errors import NotFoundError
from evergrant.domain.ids import CredentialId
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.pacing import SweepCursor
from evergrant.ports.providers import Revoker
from evergrant.ports.queues import Queue
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Audit, Directory
from evergrant.use_cases.credentials.delete import forget


@dataclass(frozen=True, slots=True)
class Again:
    """What one run did."""

    deleted: int
    after: str | None
    """Where the next run goes on; None at the end."""


def start_again(
    since: datetime,
    after: str | None,
    *,
    audit: Audit,
    cleanups: Queue,
    cursor: SweepCursor,
    has_time: Callable[[], bool],
) -> Again:
    """From the backup's time on. The audit trail is never restored, so that it knows; ids are never used twice."""
    if after is None:
        cursor.move(minute_of(since))
    count = 0
    while True:
        page = audit.deletions(since, after=after)
        cleanups.send([{"action": "delete_again", "credentialId": each} for each in page.items])
        count, after = count + len(page.items), page.next
        if after is None or not has_time():
            return Again(count, after)


def delete_again(
    credential_id: CredentialId,
    *,
    directory: Directory,
    credentials: CredentialStore,
    revoker: Revoker,
    clock: Clock,
    entropy: Entropy,
) -> bool:
    """As by its own DELETE; False where it has not come back."""
    read = credentials.get(credential_id)
    if read is None:
        return False
    with suppress(NotFoundError):
        forget(
            read,
            actor=SYSTEM,
            revoke=True,
            directory=directory,
            credentials=credentials,
            revoker=revoker,
            clock=clock,
            entropy=entropy,
        )
    return True
