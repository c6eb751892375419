"""What a renewal brought is written down: on the row as it is now, as its spare, or at least in the audit trail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, cast

from evergrant.domain import renewal
from evergrant.domain.caller import SYSTEM
from evergrant.domain.credential import Credential
from evergrant.domain.errors import EvergrantError, UnavailableError
from evergrant.domain.events import AuditLine, Event, EventType
from evergrant.domain.sealing import SealContext
from evergrant.ports import Audit, Clock, CredentialStore, Directory, Entropy, Revoker, Sealer
from evergrant.use_cases.credentials.delete import Deleted, try_to_revoke
from evergrant.use_cases.recording import audit_line, credential_event

Kept = Literal["persisted", "spared", "orphaned"]
TRIES = 10
"""Each is refused only by a change of the row in the milliseconds since it was read."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A new secret on its way to the row: sealed for the generation after the one that was spent for it."""

    of: Credential
    """The row as it was leased: of it count identity, grant and generation."""
    renewed: renewal.Renewed
    sealed: bytes
    at: datetime
    terms: renewal.Terms
    spends_spare: bool = False

    @property
    def row(self) -> Credential:
        """The row, had nobody touched it."""
        return renewal.with_sealed(self.change_of(self.of), self.sealed).credential

    def change_of(self, row: Credential) -> renewal.Change:
        """What it does to the row, but for the secret."""
        change = renewal.apply(row, self.renewed, at=self.at, chance=0, terms=self.terms)
        return replace(change, credential=replace(change.credential, spare=None if self.spends_spare else row.spare))


@dataclass(frozen=True, slots=True)
class OutcomeKeeper:
    """Writes outcomes; one for each invocation."""

    credentials: CredentialStore
    directory: Directory
    sealer: Sealer
    revoker: Revoker
    audit: Audit
    clock: Clock
    entropy: Entropy
    check_every: timedelta = renewal.CHECK_EVERY

    def keep(self, pair: Pair, row: Credential | None) -> tuple[Kept, Credential]:
        """A new secret is never dropped; `row` is what was read last.

        It is written where its generation and grant are still the row's, whoever has the lease by now. Where another
        worker was faster it is the spare of that same grant. Where the row is gone, or has a newer grant, it is
        revoked. Raises: UnavailableError, and then it is to be tried again.
        """
        for _ in range(TRIES):
            if row is None or row.deleting or row.grant != pair.of.grant:
                return self._orphaned(pair, row)
            if row.sealed == pair.sealed:
                return "persisted", row  # An earlier try, whose answer was lost.
            if renewal.lands(row, generation=pair.of.generation):
                change = pair.change_of(row)
                sealed = self._sealed_as(pair, change.credential.seal_context())
                change = renewal.with_sealed(change, sealed)
                if self._written(change, row):
                    return "persisted", change.credential
            elif self.credentials.keep_spare(row, self._sealed_as(pair, row.spare_context())):
                return "spared", row
            row = self.credentials.find(pair.of.credential_id)
        raise UnavailableError("This credential is being changed all the time. Try again.")

    def settle(
        self, held: Credential, change_of: Callable[[Credential], renewal.Change | None]
    ) -> tuple[Literal["persisted", "refused"], Credential]:
        """What is not a secret is written by the holder of the lease alone, on what its owner changed meanwhile."""
        lease, row = held.lease_until, held
        for _ in range(TRIES):
            change = change_of(row)
            if change is None:
                break
            if self._written(change, row):
                return "persisted", change.credential
            now = self.credentials.get(held.credential_id)
            if now is None or now.generation != held.generation or now.lease_until != lease:
                break
            row = now
        return "refused", row

    def tell(self, change: renewal.Change, read: Credential) -> bool:
        """What is news of a row that nobody renews; False where it is not as it was read."""
        return self._written(change, read)

    def _sealed_as(self, pair: Pair, context: SealContext) -> bytes:
        """As it was sealed before the call, which needs no key; anew where the row has moved on."""
        own = pair.row.seal_context()
        return pair.sealed if context == own else self.sealer.seal(self.sealer.open(pair.sealed, own), context)

    def _orphaned(self, pair: Pair, row: Credential | None) -> tuple[Literal["orphaned"], Credential]:
        """One attempt to revoke it, told in the audit trail; a newer grant of the same account stays whole."""
        ended = self._revoked(pair.row, newer=row is not None and not row.deleting)
        detail = {"revoked": str(bool(ended.revoked)).lower(), "reason": ended.reason or "deleted_while_renewed"}
        at = self.clock.now()
        self.audit.append(audit_line("grant.orphaned", pair.row, actor=SYSTEM, at=at, entropy=self.entropy, **detail))
        return "orphaned", row or pair.of

    def _revoked(self, new: Credential, *, newer: bool) -> Deleted:
        if not newer:
            return try_to_revoke(new, credentials=self.credentials, revoker=self.revoker)
        try:
            revoked, reason = self.revoker.revoke(new, shared=True)
        except EvergrantError:
            return Deleted(None)
        return Deleted(revoked, reason or "reconnected_while_renewed")

    def _written(self, change: renewal.Change, held: Credential) -> bool:
        data = dict(change.data)
        if change.event in ("credential.expired", "credential.degraded", "credential.expiring"):
            workspace = self.directory.workspace(held.workspace_id)
            data["reconnectUrl"] = workspace and workspace.reconnect_link(held.credential_id)
        # A plain renewal writes the row alone; what is news has its audit line.
        event, audit = self._told(change.credential, change.event, data) if change.event else (None, None)
        drift = change.scopes
        return self.credentials.finish_renewal(
            change.credential,
            held=held,
            event=event,
            audit=audit,
            once=change.once,
            also=drift and self._told(change.credential, "credential.scopes_changed", drift.data()),
            only_holder=change.only_holder,
        )

    def _told(self, new: Credential, type_: EventType, data: Mapping[str, object]) -> tuple[Event, AuditLine]:
        at, entropy = new.updated_at, self.entropy
        texts = {
            name: " ".join(cast("list[str]", value)) if isinstance(value, list) else value
            for name, value in data.items()
        }
        why = {name: value for name, value in texts.items() if isinstance(value, str) and name != "reconnectUrl"}
        return (
            credential_event(type_, new, directory=self.directory, at=at, entropy=entropy, **data),
            audit_line(type_, new, actor=SYSTEM, at=at, entropy=entropy, **why),
        )
