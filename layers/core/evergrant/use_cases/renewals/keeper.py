"""What a renewal brought is written down: on the row as it is now, as its spare, or at least in the audit trail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, cast

from evergrant.domain import renewal
from evergrant.domain.caller import SYSTEM
from evergrant.domain.credential import Credential
from evergrant.domain.errors import UnavailableError
from evergrant.domain.events import AuditLine, Event, EventType
from evergrant.domain.sealing import SealContext
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.providers import Revoker
from evergrant.ports.queues import Queue
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Audit, Directory
from evergrant.use_cases.credentials.delete import FIRST_RETRY, Deleted, revocation_told, try_to_revoke
from evergrant.use_cases.recording import audit_line, credential_event
from evergrant.use_cases.renewals.pairs import Pair, message_of

Kept = Literal["persisted", "spared", "orphaned"]
TRIES = 10
"""Each is refused only by a change of the row in the milliseconds since it was read."""


@dataclass(frozen=True, slots=True)
class OutcomeKeeper:
    """Writes outcomes; one for each invocation."""

    credentials: CredentialStore
    directory: Directory
    sealer: Sealer
    revoker: Revoker
    cleanups: Queue
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

    def revoked(self, orphan: Credential, *, row: Credential | None) -> tuple[Deleted, Credential]:
        """One attempt, with its reason, and the orphan after it; a newer grant of the same account stays whole."""
        newer = row is not None and not row.deleting
        ended, after = try_to_revoke(
            orphan, credentials=self.credentials, revoker=self.revoker, shared=newer, stored=False
        )
        why = "reconnected_while_renewed" if newer else "deleted_while_renewed"
        return Deleted(ended.revoked, ended.reason or why), after

    def tell_of_orphan(self, orphan: Credential, ended: Deleted) -> None:
        """In the audit trail."""
        detail, at = revocation_told(ended), self.clock.now()
        self.audit.append(audit_line("grant.orphaned", orphan, actor=SYSTEM, at=at, entropy=self.entropy, **detail))

    def _orphaned(self, pair: Pair, row: Credential | None) -> tuple[Literal["orphaned"], Credential]:
        """Revoked; what cannot be revoked now is tried again, sealed as it is, and never dropped."""
        orphan = pair.row
        ended, after = self.revoked(orphan, row=row)
        if ended.revoked is None:
            message = {"action": "revoke_orphan", **message_of(replace(pair, sealed=after.sealed))}
            self.cleanups.send([message], delay_seconds=int(FIRST_RETRY.total_seconds()))
        self.tell_of_orphan(orphan, ended)
        return "orphaned", row or pair.of

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
