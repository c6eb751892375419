"""/connect/oauth: an OAuth round trip of the modal, from the click to the credential."""

from typing import Annotated

from evergrant.runtime import assembly, wiring
from evergrant.runtime.http import Answer, Http, Strict, answer, idempotent, limited, secret, session_caller
from evergrant.use_cases.connect.modal import Mode, Wanted, progress
from pydantic import Field, SecretStr

http = Http()
handler = http.handler


class OAuthBody(Strict):
    """`POST /connect/oauth`"""

    app: Annotated[str, Field(min_length=1, max_length=100)]
    way: Annotated[str, Field(max_length=64)] | None = None
    properties: Annotated[dict[str, SecretStr], Field(max_length=50, default_factory=dict[str, SecretStr])]
    credential_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    mode: Mode = "popup"


class ModalCompletion(Strict):
    """`POST /connect/oauth/complete`"""

    completion: Annotated[SecretStr, Field(min_length=1, max_length=100)]


@http.post("/connect/oauth")
@limited
def begin(body: OAuthBody) -> Answer:
    """The authorization, and what binds the pop-up to it; with `redirect` the link that the whole page goes to."""
    wanted = Wanted(body.app, body.properties, body.way, body.credential_id, body.mode)
    begun = assembly.begins(http.base_url).in_modal(session_caller(http), wanted)
    name = begun.authorization.authorization_id
    link = f"{http.base_url}/oauth/start/{name}" if begun.binder is None else None
    binder = begun.binder and begun.binder.get_secret_value()
    return secret(201, {"authorizationId": name, "binder": binder, "url": link})


@http.get("/connect/oauth/<authorization_id>")
def look(authorization_id: str) -> Answer:
    """How far it is; the completion once the provider has said yes."""
    found = progress(
        session_caller(http),
        authorization_id,
        authorizations=wiring.authorizations(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
    )
    shown = {"completion": found.completion and found.completion.get_secret_value(), "error": found.error}
    return secret(200, {"status": found.status, **{name: value for name, value in shown.items() if value is not None}})


@http.post("/connect/oauth/complete")
@idempotent
def complete(body: ModalCompletion) -> Answer:
    """Exchange the code and keep the credential; whatever happens, the completion is burnt."""
    completer = assembly.completer(http.identities)
    credential = completer.by_session(session_caller(http), body.completion)
    shown = {"success": True, "credentialId": credential.credential_id, "credential": credential.summary()}
    return answer(201, shown)
