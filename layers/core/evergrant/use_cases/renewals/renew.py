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
from evergrant.domain.times import iso
from evergrant.ports import (
    Apps,
    Audit,
    Clock,
    CredentialStore,
    Directory,
    Entropy,
    Pacing,
    Queue,
    Revoker,
    Sealer,
    Upstream,
)
from evergrant.use_cases.credentials.delete import try_to_revoke
from evergrant.use_cases.credentials.read import NOT_THERE
from evergrant.use_cases.recording import audit_line, credential_event
from evergrant.use_cases.renewals.doubt import Doubt
from evergrant.use_cases.renewals.pace import put_off

Done = Literal["nothing_due", "elsewhere", "persisted", "refused", "deletion_queued", "put_off", "forecast"]
LONGEST_POLL, SHORTEST_POLL = 0.5, 0.1
"""Seconds between two looks of a reader that waits for somebody else's renewal."""
PERSIST_TRIES = 10
"""Each is refused only by a change of the row in the milliseconds since it was read."""


@dataclass(frozen=True, slots=True)
class Renewer:
    """What a renewal needs; one for each invocation."""

    credentials: CredentialStore
    directory: Directory
    sealer: Sealer
    upstream: Upstream
    apps: Apps
    pacing: Pacing
    doubt: Doubt
    revoker: Revoker
    audit: Audit
    clock: Clock
    entropy: Entropy
    check_every: timedelta = renewal.CHECK_EVERY

    def attempt(self, read: Credential, *, force: bool = False, paced: bool = False) -> tuple[Done, Credential]:
        """Lease, ask, persist: all that follows from what the provider said, and the row after it.

        `paced`: it has one of the app's tokens; else it jumps.

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
            return self._persist(held, lambda row: _over(row, at=now))
        if not paced:
            self.pacing.jumped(held, at=now)
        outcome = self.doubt.of(self.upstream.renew(held, secret, force=force), held, at=now)
        at, chance = self.clock.now(), int.from_bytes(self.entropy.bytes(6)) / 2**48

        def applied(row: Credential) -> renewal.Change:
            change = renewal.apply(row, outcome, at=at, chance=chance, check_every=self.check_every)
            if not isinstance(outcome, renewal.Renewed):
                return change
            return renewal.with_sealed(
                change, prepared.seal(outcome.secret.to_bytes(), change.credential.seal_context())
            )

        done, after = self._persist(held, applied)
        if done == "refused" and isinstance(outcome, renewal.Renewed):
            self._end_orphan(applied(held).credential)
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
        return self._persist(held, lambda row: renewal.expired(row, at=now, reason=reason))[0]

    def forecast(self, read: Credential, *, days: int) -> bool:
        """Tell of its end, once; False where somebody else has it now."""
        return self._written(renewal.forecast(read, days=days, at=self.clock.now()), read)

    def _persist(
        self, held: Credential, change_of: Callable[[Credential], renewal.Change | None]
    ) -> tuple[Done, Credential]:
        """Write the outcome; where the row was changed meanwhile in its own right, on what stands there now.

        A lease that somebody else has since taken refuses all but a new secret, which is saved by whoever has it.
        """
        lease, row = held.lease_until, held
        for _ in range(PERSIST_TRIES):
            change = change_of(row)
            if change is None:
                break
            if self._written(change, row):
                return "persisted", change.credential
            now = self.credentials.get(held.credential_id)
            if now is None or now.generation != held.generation or (change.only_holder and now.lease_until != lease):
                break
            row = now
        return "refused", row

    def _written(self, change: renewal.Change, held: Credential) -> bool:
        new, at, entropy = change.credential, change.credential.updated_at, self.entropy
        data = dict(change.data)
        if change.event in ("credential.expired", "credential.degraded", "credential.expiring"):
            workspace = self.directory.workspace(held.workspace_id)
            data["reconnectUrl"] = workspace and workspace.reconnect_link(held.credential_id)
        event = change.event and credential_event(
            change.event, new, directory=self.directory, at=at, entropy=entropy, **data
        )
        # A plain renewal writes the row alone; what is news has its audit line.
        why = {name: value for name, value in change.data.items() if isinstance(value, str)}
        audit = change.event and audit_line(change.event, new, actor=SYSTEM, at=at, entropy=entropy, **why)
        return self.credentials.finish_renewal(
            new, held=held, event=event or None, audit=audit or None, once=change.once
        )


def _over(row: Credential, *, at: datetime) -> renewal.Change | None:
    """None where its end was put off meanwhile."""
    return renewal.expired(row, at=at, reason="expired_by_date") if row.is_over(at=at) else None


def renew_due(
    credential_id: CredentialId, due: datetime, *, renewer: Renewer, cleanups: Queue, renewals: Queue
) -> Done:
    """What a message asks for. Another due time than the message's: somebody was here, and nothing is done.

    Where the app is being asked as fast as it may be, the message waits again.

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
    days = renewal.forecast_to_tell(read, at=now)
    if days is not None and not read.is_over(at=now) and renewal.was_tried(read, days=days):
        renewer.forecast(read, days=days)
        return "forecast"
    wait = None if read.is_over(at=now) else put_off(read, apps=renewer.apps, pacing=renewer.pacing, at=now)
    if wait is not None:
        message = {"credentialId": credential_id, "due": iso(due)}
        renewals.send([message], delay_seconds=wait // timedelta(seconds=1))
        return "put_off"
    return renewer.attempt(read, force=renewal.must_refresh(read, at=now), paced=True)[0]


def read_while_paused(read: Credential, *, at: datetime) -> Credential:
    """A token that still works, as it is. Raises: UnavailableError."""
    if not read.still_works(at=at):
        raise UnavailableError("The operator has paused renewals. Try again later.", code="renewals_paused")
    return read


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
