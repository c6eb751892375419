"""GET /credentials/{credentialId}: one credential, and how it is doing; never its secret."""

from evergrant.domain.ids import CredentialId
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, caller, ok
from evergrant.use_cases.credentials.read import get_credential

http = Http()
handler = http.handler


@http.get("/credentials/<credential_id>")
def get(credential_id: str) -> Answer:
    """Get one credential."""
    who = caller(http)
    who.require("credentials:read")
    return ok(get_credential(who, CredentialId(credential_id), credentials=wiring.credentials()).details())
