"""What a deletion left to be done: a user's credentials, and grants that could not be revoked at once."""

from evergrant.domain.ids import UserId, WorkspaceId
from evergrant.ports import Clock, CredentialStore, Entropy, Queue, Revoker
from evergrant.use_cases.credentials.delete import forget

PAGE = 50


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
