"""The rescue queue: new secrets that storage refused, sealed, until it takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import Terms
from evergrant.use_cases.renewals.keeper import Kept, OutcomeKeeper
from evergrant.use_cases.renewals.pairs import pair_in


@dataclass(frozen=True, slots=True)
class Rescued:
    """What became of it."""

    credential_id: CredentialId
    outcome: Kept


def rescue(message: Mapping[str, Any], *, keeper: OutcomeKeeper) -> Rescued:
    """Under the same guards as at first; safe to run twice, and late.

    Nothing lands that does not open: a message that was forged or changed is SealBrokenError.
    Raises: UnavailableError, and then the message comes again.
    """
    pair = pair_in(message, sealer=keeper.sealer, terms=Terms(check_every=keeper.check_every))
    outcome, _ = keeper.keep(pair, keeper.credentials.find(pair.of.credential_id))
    return Rescued(pair.of.credential_id, outcome)
