"""DELETE: forget one credential, and revoke it at the provider where that can be done."""

from dataclasses import dataclass

from evergrant.domain.caller import Caller
from evergrant.domain.credential import Credential
from evergrant.domain.errors import EvergrantError, NotFoundError
from evergrant.domain.ids import CredentialId
from evergrant.ports import Clock, CredentialStore, Directory, Entropy, Queue, Revoker
from evergrant.use_cases.credentials.read import NOT_THERE, get_with_live_key
from evergrant.use_cases.recording import audit_line, credential_event
from evergrant.use_cases.users.manage import find_user


@dataclass(frozen=True, slots=True)
class Deleted:
    """`revoked`: True done; None queued; False not possible, with the reason."""

    revoked: bool | None
    reason: str | None = None

    def shown(self) -> dict[str, object]:
        """As the API answers."""
        answer: dict[str, object] = {"success": True, "revoked": self.revoked}
        return answer | ({"revokeReason": self.reason} if self.reason else {})


def delete_credential(
    caller: Caller,
    credential_id: CredentialId,
    *,
    user: str | None,
    revoke: bool,
    directory: Directory,
    credentials: CredentialStore,
    revoker: Revoker,
    cleanups: Queue,
    clock: Clock,
    entropy: Entropy,
) -> Deleted:
    """Unreadable from the first moment; its end at the provider is in the audit trail. Raises: NotFoundError."""
    read = get_with_live_key(caller, credential_id, credentials=credentials, clock=clock)
    if user is not None and read.user_id != find_user(caller, user, directory=directory).user_id:
        raise NotFoundError(NOT_THERE)
    return forget(
        read,
        actor=caller.actor,
        revoke=revoke,
        credentials=credentials,
        revoker=revoker,
        cleanups=cleanups,
        clock=clock,
        entropy=entropy,
    )


def forget(
    read: Credential,
    *,
    actor: str,
    revoke: bool,
    credentials: CredentialStore,
    revoker: Revoker,
    cleanups: Queue,
    clock: Clock,
    entropy: Entropy,
) -> Deleted:
    """Mark it unreadable, try once to revoke it, then remove the row; queue what could not be done now."""
    marked = read.changed(at=clock.now(), deleting=True, due_at=None)
    credentials.change(marked, read=read)
    outcome = _revoked(marked, revoker) if revoke else Deleted(revoked=False, reason="not_asked")
    if outcome.revoked is None:
        cleanups.send([{"action": "revoke", "credentialId": marked.credential_id, "actor": actor}])
        return outcome
    remove(marked, outcome, actor=actor, credentials=credentials, clock=clock, entropy=entropy)
    return outcome


def remove(
    marked: Credential,
    outcome: Deleted,
    *,
    actor: str,
    credentials: CredentialStore,
    clock: Clock,
    entropy: Entropy,
) -> None:
    """The row's end, with its event and audit line."""
    now = clock.now()
    said = {True: "true", False: "false", None: "queued"}[outcome.revoked]
    credentials.delete(
        marked,
        event=credential_event("credential.deleted", marked, at=now, entropy=entropy, revoked=outcome.revoked),
        audit=audit_line(
            "credential.deleted",
            marked,
            actor=actor,
            at=now,
            entropy=entropy,
            revoked=said,
            **({"reason": outcome.reason} if outcome.reason else {}),
        ),
    )


def _revoked(credential: Credential, revoker: Revoker) -> Deleted:
    try:
        return Deleted(*revoker.revoke(credential))
    except EvergrantError:
        # Whatever went wrong, the grant is not forgotten: the queue tries again for 72 hours.
        return Deleted(None)
