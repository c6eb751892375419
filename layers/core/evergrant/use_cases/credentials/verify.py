"""POST /credentials/{credentialId}/verify: the renewal's own check, asked for now."""

from dataclasses import dataclass
from datetime import datetime

from evergrant.domain.caller import Caller
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId
from evergrant.ports.credentials import CredentialStore
from evergrant.use_cases.credentials.read import get_with_live_key
from evergrant.use_cases.renewals.renewer import USABLE, Renewer


@dataclass(frozen=True, slots=True)
class Checked:
    """`verified`: True the provider takes it; False it is dead; None nobody could say."""

    verified: bool | None
    credential: Credential
    checked_at: datetime


def verify_credential(
    caller: Caller, credential_id: CredentialId, *, credentials: CredentialStore, renewer: Renewer
) -> Checked:
    """Raises: NotFoundError; UnavailableError, and then nothing was marked."""
    read = get_with_live_key(caller, credential_id, credentials=credentials, clock=renewer.keeper.clock)
    now = renewer.keeper.clock.now()
    if read.status == "expired":
        return Checked(False, read, now)  # noqa: FBT003  # the verdict
    done, after = renewer.attempt(read)
    if done not in USABLE:
        return Checked(None, read, now)
    if after.status == "expired":
        return Checked(False, after, now)  # noqa: FBT003  # the verdict
    proven = max(after.last_verified_at or read.created_at, after.last_renewed_at or read.created_at) >= now
    return Checked(True if proven else None, after, now)
