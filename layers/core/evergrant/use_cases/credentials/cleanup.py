"""What a deletion left to be done: a user's credentials, and grants that could not be revoked at once."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from evergrant.domain.errors import NotFoundError
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.providers import Revoker
from evergrant.ports.queues import Queue
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.credentials.delete import Deleted, forget, postpone, remove, try_to_revoke
from evergrant.use_cases.events.scrub import scrubbing
from evergrant.use_cases.paging import every
from evergrant.use_cases.users.manage import deletion_of

PAGE = 50
DELETION_TAKES, LOOK_AGAIN_SECONDS = timedelta(minutes=1), 5
"""A user that is still there after this was not deleted."""
GIVE_UP_AFTER = timedelta(hours=72)
RETRY_EVERY = timedelta(minutes=15)


def delete_user_credentials(
    workspace_id: WorkspaceId,
    user_id: UserId,
    *,
    actor: str,
    asked_at: datetime,
    tags: tuple[str, ...],
    directory: Directory,
    credentials: CredentialStore,
    revoker: Revoker,
    cleanups: Queue,
    clock: Clock,
    entropy: Entropy,
) -> int:
    """Forget each as by its own DELETE, and then the address in their events; how many.

    Safe to run twice: what is gone is not listed. While the user is still there nothing is touched: its
    deletion is on its way, or was never done. `tags`: the user's last.
    """
    user = directory.user(workspace_id, user_id)
    if user is not None:
        if clock.now() - asked_at < DELETION_TAKES:
            cleanups.send([deletion_of(user, actor=actor, asked_at=asked_at)], delay_seconds=LOOK_AGAIN_SECONDS)
        return 0
    # A credential is only ever made together with a look at its user: what is listed from here on is all there is.
    count = 0
    for credential in every(
        lambda after: credentials.of_user(workspace_id, user_id, app=None, limit=PAGE, after=after)
    ):
        with suppress(NotFoundError):
            forget(
                replace(credential, user_tags=tags),
                actor=actor,
                revoke=True,
                directory=directory,
                credentials=credentials,
                revoker=revoker,
                clock=clock,
                entropy=entropy,
            )
            count += 1
    # After them, so that their own last events are scrubbed too.
    cleanups.send([scrubbing(workspace_id, user_id)])
    return count


def finish_deletion(
    credential_id: CredentialId,
    *,
    actor: str,
    directory: Directory,
    credentials: CredentialStore,
    revoker: Revoker,
    clock: Clock,
    entropy: Entropy,
) -> Deleted | None:
    """One more attempt to revoke, for 72 hours at most; None when the row is gone. Its end is in the audit trail.

    Raises: ConflictError when another worker is at it; then the message comes again.
    """
    marked = credentials.find(credential_id)
    if marked is None or not marked.deleting:
        return None
    outcome, marked = try_to_revoke(marked, credentials=credentials, revoker=revoker)
    end = end_of(outcome, tried_for=clock.now() - marked.updated_at)
    if end is None:
        postpone(
            marked, RETRY_EVERY, actor=actor, directory=directory, credentials=credentials, clock=clock, entropy=entropy
        )
        return outcome
    remove(marked, end, actor=actor, directory=directory, credentials=credentials, clock=clock, entropy=entropy)
    return end


def end_of(outcome: Deleted, *, tried_for: timedelta) -> Deleted | None:
    """What one attempt to revoke comes to at last; None while it is to be tried again."""
    if outcome.revoked is not None:
        return outcome
    return None if tried_for < GIVE_UP_AFTER else Deleted(revoked=False, reason="revocation_failed")
