"""POST /credentials/{credentialId}/verify: one live call, where the app defines one."""

from evergrant.domain.ids import CredentialId
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring
from evergrant.runtime.http import Answer, Http, caller, ok
from evergrant.use_cases.credentials.verify import verify_credential

http = Http()
handler = http.handler


@http.post("/credentials/<credential_id>/verify")
def verify(credential_id: str) -> Answer:
    """Ask the provider now; a grant that is found dead is expired, and said, as by the daily check."""
    who = caller(http)
    who.require("credentials:write")
    outcome = verify_credential(
        who,
        CredentialId(credential_id),
        credentials=wiring.credentials(),
        renewer=assembly.renewer(),
    )
    return ok(
        {
            "verified": outcome.verified,
            "status": outcome.credential.status,
            "checkedAt": iso(outcome.checked_at),
        }
    )
