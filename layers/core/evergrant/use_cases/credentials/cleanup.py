"""What a deletion left to be done: a user's credentials, and grants that could not be revoked at once."""

from datetime import timedelta

from evergrant.domain.errors import ConflictError
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.ports import Clock, CredentialStore, Entropy, Queue, Revoker
from evergrant.use_cases.credentials.delete import Deleted, forget, remove, try_to_revoke

PAGE = 50
GIVE_UP_AFTER = timedelta(hours=72)
RETRY_SECONDS = 900


def delete_user_credentials(
    workspace_id: WorkspaceId,
    user_id: UserId,
    *,
    actor: str,
    credentials: CredentialStore,
    revoker: Revoker,
    cleanups: Queue,
    clock: Clock,
    entropy: Entropy,
) -> int:
    """Forget each as by its own DELETE; how many. Safe to run twice: what is gone is not listed."""
    count = 0
    after: str | None = None
    while True:
        page = credentials.of_user(workspace_id, user_id, app=None, limit=PAGE, after=after)
        for credential in page.items:
            forget(
                credential,
                actor=actor,
                revoke=True,
                credentials=credentials,
                revoker=revoker,
                cleanups=cleanups,
                clock=clock,
                entropy=entropy,
            )
            count += 1
        if page.next is None:
            return count
        after = page.next


def finish_deletion(
    credential_id: CredentialId,
    *,
    actor: str,
    credentials: CredentialStore,
    revoker: Revoker,
    cleanups: Queue,
    clock: Clock,
    entropy: Entropy,
) -> Deleted | None:
    """One more attempt to revoke, for 72 hours at most; None when the row is gone. Its end is in the audit trail."""
    marked = credentials.find(credential_id)
    if marked is None or not marked.deleting:
        return None
    outcome = try_to_revoke(marked, credentials=credentials, revoker=revoker)
    if outcome.revoked is None and clock.now() - marked.updated_at < GIVE_UP_AFTER:
        message = {"action": "revoke", "credentialId": credential_id, "actor": actor}
        cleanups.send([message], delay_seconds=RETRY_SECONDS)
        return outcome
    if outcome.revoked is None:
        outcome = Deleted(revoked=False, reason="revocation_failed")
    try:
        remove(marked, outcome, actor=actor, credentials=credentials, clock=clock, entropy=entropy)
    except ConflictError:
        return None  # Another worker was faster.
    return outcome
