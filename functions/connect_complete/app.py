"""POST /connect/complete: the owner's server finishes what its user began."""

from typing import Annotated

from evergrant.runtime import assembly
from evergrant.runtime.http import Answer, Http, Strict, answer, idempotent, live_caller
from pydantic import Field, SecretStr

http = Http()
handler = http.handler


class Completion(Strict):
    """As `returnUrl` received it, with the user who is logged in there."""

    completion: Annotated[SecretStr, Field(min_length=1, max_length=100)]
    user_id: Annotated[str, Field(min_length=1, max_length=256)]
    code_verifier: Annotated[SecretStr, Field(min_length=43, max_length=128)] | None = None


@http.post("/connect/complete")
@idempotent
def complete(body: Completion) -> Answer:
    """Exchange the code and keep the credential; whatever happens, the completion is burnt."""
    who = live_caller(http)
    who.require("connect")
    completer = assembly.completer(http.identities)
    credential = completer.by_owner(who, body.completion, user=body.user_id, code_verifier=body.code_verifier)
    return answer(201, {"success": True, "credentialId": credential.credential_id})
