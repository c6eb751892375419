"""Pairs that came for a row that is gone, or has a newer grant: revoked like what is deleted, and told in the trail."""

from collections.abc import Mapping
from typing import Any

from evergrant.use_cases.credentials.cleanup import RETRY_EVERY, end_of
from evergrant.use_cases.credentials.delete import Deleted
from evergrant.use_cases.renewals.keeper import OutcomeKeeper
from evergrant.use_cases.renewals.pairs import resealed, row_in


def revoke_orphan(message: Mapping[str, Any], *, keeper: OutcomeKeeper) -> Deleted:
    """One more attempt, for 72 hours at most; its end is in the audit trail. Safe to run twice.

    Raises: UnavailableError when storage or the queue is away; then the message comes again.
    """
    orphan = row_in(message)
    outcome, after = keeper.revoked(orphan, row=keeper.credentials.find(orphan.credential_id))
    end = end_of(outcome, tried_for=keeper.clock.now() - orphan.created_at)
    if end is None:
        again = resealed(message, after.sealed)
        keeper.cleanups.send([again], delay_seconds=int(RETRY_EVERY.total_seconds()))
        return outcome
    keeper.tell_of_orphan(orphan, end)
    return end
