"""DELETE: forget one credential, and revoke it at the provider where that can be done."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from evergrant.domain.caller import Actor
from evergrant.domain.credential import Credential
from evergrant.domain.due import not_before
from evergrant.domain.errors import ConflictError, EvergrantError, NotFoundError
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import CredentialId
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.pages import Page
from evergrant.ports.providers import Revoker
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.credentials.read import NOT_THERE, read_for
from evergrant.use_cases.paging import every
from evergrant.use_cases.recording import audit_line, credential_event
from evergrant.use_cases.users.manage import find_user

PAGE = 100
ATTEMPTS = 5
"""To mark a row while renewals change it."""
FOUND_AGAIN = timedelta(minutes=5)
"""A deletion that died on the way is finished after this."""
FIRST_RETRY = timedelta(minutes=1)
"""Of a revocation that the provider did not take."""


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
    caller: Actor,
    credential_id: CredentialId,
    *,
    user: str | None,
    revoke: bool,
    directory: Directory,
    credentials: CredentialStore,
    revoker: Revoker,
    clock: Clock,
    entropy: Entropy,
) -> Deleted:
    """Unreadable from the first moment; its end at the provider is in the audit trail. Raises: NotFoundError."""
    read = read_for(caller, credential_id, credentials=credentials, clock=clock)
    if user is not None and read.user_id != find_user(caller, user, directory=directory).user_id:
        raise NotFoundError(NOT_THERE)
    return forget(
        read,
        actor=caller.actor,
        revoke=revoke,
        directory=directory,
        credentials=credentials,
        revoker=revoker,
        clock=clock,
        entropy=entropy,
    )


def forget(
    read: Credential,
    *,
    actor: str,
    revoke: bool,
    directory: Directory,
    credentials: CredentialStore,
    revoker: Revoker,
    clock: Clock,
    entropy: Entropy,
) -> Deleted:
    """Mark it unreadable, try once to revoke it, then remove the row; what could not be done now waits in the index.

    Raises: NotFoundError when another was faster.
    """
    marked = _marked(read, credentials=credentials, clock=clock)
    if not revoke:
        outcome = Deleted(revoked=False, reason="not_asked")
    else:
        outcome, marked = try_to_revoke(marked, credentials=credentials, revoker=revoker)
    if outcome.revoked is None:
        postpone(
            marked, FIRST_RETRY, actor=actor, directory=directory, credentials=credentials, clock=clock, entropy=entropy
        )
    else:
        remove(marked, outcome, actor=actor, directory=directory, credentials=credentials, clock=clock, entropy=entropy)
    return outcome


def _marked(read: Credential, *, credentials: CredentialStore, clock: Clock) -> Credential:
    """Due, so that the sweep finds it again if this invocation dies on the way."""
    for _ in range(ATTEMPTS):
        now = clock.now()
        marked = read.changed(at=now, deleting=True, due_at=now + FOUND_AGAIN, lease_until=None, spare=None)
        try:
            credentials.change(marked, read=read)
        except ConflictError:
            # A renewal or a rename came between; or another deletion, and then there is nothing any more.
            again = credentials.get(read.credential_id)
            if again is None:
                raise NotFoundError(NOT_THERE) from None
            read = replace(again, user_tags=read.user_tags)
        else:
            return marked
    raise ConflictError("This credential is being changed all the time. Try again.", code="changed_meanwhile")


def postpone(
    marked: Credential,
    wait: timedelta,
    *,
    actor: str,
    directory: Directory,
    credentials: CredentialStore,
    clock: Clock,
    entropy: Entropy,
) -> None:
    """The sweep finds it again after `wait`; that it is queued is said once. Raises: ConflictError."""
    now = clock.now()
    # `updated_at` stays: it says since when the deletion is tried.
    waiting = marked.changed(at=marked.updated_at, deletion_told=True, due_at=not_before(now + wait, now=now))
    event, audit = _said(marked, Deleted(None), actor=actor, directory=directory, clock=clock, entropy=entropy)
    told = marked.deletion_told
    credentials.change(waiting, read=marked, event=None if told else event, audit=None if told else audit)


def remove(
    marked: Credential,
    outcome: Deleted,
    *,
    actor: str,
    directory: Directory,
    credentials: CredentialStore,
    clock: Clock,
    entropy: Entropy,
) -> None:
    """The row's end, with its audit line, and its event where that was not said. Raises: ConflictError."""
    event, audit = _said(marked, outcome, actor=actor, directory=directory, clock=clock, entropy=entropy)
    try:
        credentials.delete(marked, event=None if marked.deletion_told else event, audit=audit)
    except ConflictError:
        if credentials.find(marked.credential_id) is not None:
            raise


def try_to_revoke(
    marked: Credential, *, credentials: CredentialStore, revoker: Revoker, shared: bool = False, stored: bool = True
) -> tuple[Deleted, Credential]:
    """One attempt, and the row after it; whatever goes wrong, the grant is not forgotten: it is tried again.

    `stored`: it stands in the table as it is.
    """
    row = marked

    def keep(sealed: bytes) -> None:
        nonlocal row
        # Its version stays: whether this is written or not, the next write of this row is the same.
        row = replace(marked, sealed=sealed)
        if stored:
            with suppress(EvergrantError):
                credentials.change(row, read=marked)

    try:
        outcome = Deleted(*revoker.revoke(marked, shared=shared or _is_shared(marked, credentials), keep=keep))
    except EvergrantError:
        outcome = Deleted(None)
    return outcome, row


def _is_shared(marked: Credential, credentials: CredentialStore) -> bool:
    """Whether another live credential of that user rests on the same account's grant."""
    if marked.account_id is None:
        return False

    def read(after: str | None) -> Page[Credential]:
        return credentials.of_user(marked.workspace_id, marked.user_id, app=marked.app, limit=PAGE, after=after)

    others = (each for each in every(read) if each.credential_id != marked.credential_id)
    return any(each.account_id == marked.account_id and each.status != "expired" for each in others)


def revocation_told(outcome: Deleted) -> dict[str, str]:
    """As the audit trail has it."""
    told = {"revoked": {True: "true", False: "false", None: "queued"}[outcome.revoked]}
    return told | ({"reason": outcome.reason} if outcome.reason else {})


def _said(
    credential: Credential, outcome: Deleted, *, actor: str, directory: Directory, clock: Clock, entropy: Entropy
) -> tuple[Event, AuditLine]:
    now, type_ = clock.now(), "credential.deleted"
    detail = revocation_told(outcome)
    return (
        credential_event(type_, credential, directory=directory, at=now, entropy=entropy, revoked=outcome.revoked),
        audit_line(type_, credential, actor=actor, at=now, entropy=entropy, **detail),
    )
