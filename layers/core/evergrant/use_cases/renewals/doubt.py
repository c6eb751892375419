"""A provider's word that a credential is dead, doubted where it is likely to be somebody's fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from evergrant.domain.credential import Credential
from evergrant.domain.renewal import Dead, Held, Outcome, Stale
from evergrant.domain.renewal.brake import brakes
from evergrant.ports.pacing import Pacing

Report = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against a death."""

    pacing: Pacing
    report: Report
    restored_at: datetime | None = None
    """Since when the rows are those of a backup: what they hold of before may have been spent meanwhile."""

    def of(self, outcome: Outcome | Stale, read: Credential, *, at: datetime) -> Outcome | Stale:
        """The outcome, unless the secret is a backup's, or it is one death too many: then the operator hears of it.

        Counted apart for each workspace and app: one workspace's deaths never hold another's.
        """
        if not isinstance(outcome, Dead) or outcome.provider_error is None:
            return outcome
        since = read.token_issued_at or read.last_renewed_at or read.created_at
        if self.restored_at is not None and since < self.restored_at:
            return Held("restored", outcome.provider_error)
        minutes = self.pacing.died(read, at=at)
        if not brakes(minutes):
            return outcome
        told = {"workspace_id": read.workspace_id, "app": read.app, "credential_id": read.credential_id}
        self.report("renewals_braked", {**told, "dead": sum(each.dead for each in minutes)})
        return Held("renewals_braked", outcome.provider_error)
