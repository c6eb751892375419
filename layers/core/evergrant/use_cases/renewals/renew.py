"""Renew or check one credential: exactly one worker asks the provider, and what it says is persisted at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain import renewal
from evergrant.domain.caller import SYSTEM
from evergrant.domain.credential import Credential
from evergrant.domain.due import not_before
from evergrant.domain.errors import NotFoundError, UnavailableError
from evergrant.domain.ids import CredentialId
from evergrant.domain.secret import Secret
from evergrant.ports import Audit, Clock, CredentialStore, Directory, Entropy, Queue, Revoker, Sealer, Upstream
from evergrant.use_cases.credentials.delete import try_to_revoke
from evergrant.use_cases.credentials.read import NOT_THERE
from evergrant.use_cases.recording import audit_line, credential_event

Done = Literal["nothing_due", "elsewhere", "persisted", "refused", "deletion_queued"]
LONGEST_POLL, SHORTEST_POLL = 0.5, 0.1
"""Seconds between two looks of a reader that waits for somebody else's renewal."""


@dataclass(frozen=True, slots=True)
class Renewer:
    """What a renewal needs; one for each invocation."""

    credentials: CredentialStore
    directory: Directory
    sealer: Sealer
    upstream: Upstream
    revoker: Revoker
    audit: Audit
    clock: Clock
    entropy: Entropy
    check_every: timedelta = renewal.CHECK_EVERY

    def attempt(self, read: Credential, *, force: bool = False) -> tuple[Done, Credential]:
        """Lease, ask, persist: all that follows from what the provider said, and the row after it.

        Raises: UnavailableError when storage or the key is away; then nothing was marked.
        """
        now = self.clock.now()
        over = read.is_over(at=now)
        # The key before the call: sealing the answer must need no network.
        prepared = None if over else self.sealer.prepare()
        # And the secret before the lease: what cannot be opened must not be leased again and again.
        secret = Secret.from_bytes(self.sealer.open(read.sealed, read.seal_context())) if prepared else None
        lease_until = now + renewal.LEASE
        held = self.credentials.begin_renewal(read, lease_until=lease_until, due_at=not_before(lease_until, now=now))
        if held is None:
            return "elsewhere", read
        if prepared is None or secret is None:
            return self._persist(renewal.expired(held, at=now, reason="expired_by_date"), held)
        outcome = self.upstream.renew(held, secret, force=force)
        at, chance = self.clock.now(), int.from_bytes(self.entropy.bytes(6)) / 2**48
        change = renewal.apply(held, outcome, at=at, chance=chance, check_every=self.check_every)
        if isinstance(outcome, renewal.Renewed):
            sealed = prepared.seal(outcome.secret.to_bytes(), change.credential.seal_context())
            change = renewal.with_sealed(change, sealed)
        done, after = self._persist(change, held)
        if done == "refused" and isinstance(outcome, renewal.Renewed):
            self._end_orphan(change.credential)
        return done, after

    def _end_orphan(self, new: Credential) -> None:
        """A pair that came for a row that is gone, or going: one attempt to revoke it, told in the audit trail."""
        row = self.credentials.find(new.credential_id)
        if row is not None and not row.deleting:
            return
        ended = try_to_revoke(new, credentials=self.credentials, revoker=self.revoker)
        detail = {"revoked": str(bool(ended.revoked)).lower(), "reason": ended.reason or "deleted_while_renewed"}
        at = self.clock.now()
        self.audit.append(audit_line("grant.orphaned", new, actor=SYSTEM, at=at, entropy=self.entropy, **detail))

    def expire(self, read: Credential, reason: str) -> Done:
        """Said once, by the holder of the lease. Raises: UnavailableError while somebody renews it."""
        now = self.clock.now()
        lease_until = now + renewal.LEASE
        held = self.credentials.begin_renewal(read, lease_until=lease_until, due_at=not_before(lease_until, now=now))
        if held is None:
            raise UnavailableError("This credential is being renewed.")
        return self._persist(renewal.expired(held, at=now, reason=reason), held)[0]

    def _persist(self, change: renewal.Change, held: Credential) -> tuple[Done, Credential]:
        new, at, entropy = change.credential, change.credential.updated_at, self.entropy
        data = dict(change.data)
        if change.event in ("credential.expired", "credential.degraded"):
            workspace = self.directory.workspace(held.workspace_id)
            data["reconnectUrl"] = workspace and workspace.reconnect_link(held.credential_id)
        event = change.event and credential_event(change.event, new, at=at, entropy=entropy, **data)
        # A plain renewal writes the row alone; what is news has its audit line.
        why = {name: value for name, value in change.data.items() if isinstance(value, str)}
        audit = change.event and audit_line(change.event, new, actor=SYSTEM, at=at, entropy=entropy, **why)
        written = self.credentials.finish_renewal(
            new, held=held, only_holder=change.only_holder, event=event or None, audit=audit or None
        )
        return ("persisted", new) if written else ("refused", held)


def renew_due(credential_id: CredentialId, due: datetime, *, renewer: Renewer, cleanups: Queue) -> Done:
    """What a message asks for. Another due time than the message's: somebody was here, and nothing is done.

    Raises: UnavailableError when storage or the key is away; then nothing was marked.
    """
    read = renewer.credentials.find(credential_id)
    now = renewer.clock.now()
    if read is None or read.due_at != due:
        return "nothing_due"
    if read.deleting:
        cleanups.send([{"action": "revoke", "credentialId": credential_id, "actor": SYSTEM}])
        return "deletion_queued"
    if not renewal.is_due(read, at=now):
        return "nothing_due"
    if not renewal.lease_is_free(read, at=now):
        return "elsewhere"
    return renewer.attempt(read)[0]


def renew_on_read(read: Credential, *, force: bool, renewer: Renewer, pause: Callable[[float], None]) -> Credential:
    """The row after a renewal: by this reader, or by whoever has the lease.

    While somebody renews, a token that still works is returned as it is; else the reader waits for the lease's end.

    Raises: NotFoundError when it was deleted meanwhile.
    """
    generation = read.generation
    while True:
        now = renewer.clock.now()
        if renewal.lease_is_free(read, at=now):
            done, after = renewer.attempt(read, force=force)
            if done == "persisted":
                return after
        elif read.still_works(at=now) and not force:
            return read
        share = renewer.entropy.bytes(1)[0] / 255
        pause(SHORTEST_POLL + (LONGEST_POLL - SHORTEST_POLL) * share)
        again = renewer.credentials.get(read.credential_id)
        if again is None:
            raise NotFoundError(NOT_THERE)
        if again.generation != generation or again.status == "expired":
            return again
        read = again
