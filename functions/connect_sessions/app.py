"""POST /connect/sessions and GET /users/{userId}/token: the right of one user to connect, for half an hour."""

from typing import Annotated

from evergrant.domain.times import iso
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, Strict, idempotent, limited, live_caller, secret
from evergrant.runtime.text import Text
from evergrant.use_cases.connect.sessions import MintedSession, NewSession, create_session
from pydantic import Field, StringConstraints

http = Http()
handler = http.handler

Id = Annotated[str, Field(min_length=1, max_length=256)]
Challenge = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class SessionBody(Strict):
    """`POST /connect/sessions`"""

    user_id: Id
    apps: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    credential_id: Id | None = None
    scopes: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=100)] = ()
    return_url: Annotated[str, Field(max_length=2048)] | None = None
    code_challenge: Challenge | None = None
    locale: Annotated[Text, StringConstraints(max_length=35, pattern=r"^[A-Za-z0-9-]+$")] | None = None


@http.post("/connect/sessions")
@limited
@idempotent
def create(body: SessionBody) -> Answer:
    """A token for the modal."""
    asked = NewSession(
        body.user_id,
        body.apps,
        body.credential_id,
        body.scopes,
        body.return_url,
        body.code_challenge,
        body.locale,
    )
    minted = _create(asked)
    token = minted.token.get_secret_value()
    url = minted.link and (
        f"{http.base_url}/connect?workspace={minted.session.workspace_id}#{minted.link.get_secret_value()}"
    )
    return secret(201, {"token": token, "expiresAt": iso(minted.session.expires_at), "url": url})


@http.get("/users/<user_id>/token")
@limited
def token(user_id: str) -> Answer:
    """The same, as Alloy's clients ask for it."""
    return secret(200, {"token": _create(NewSession(user_id)).token.get_secret_value()})


def _create(asked: NewSession) -> MintedSession:
    who = live_caller(http)
    who.require("connect")
    return create_session(
        who,
        asked,
        apps=wiring.apps(),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        sessions=wiring.sessions(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=http.identities,
    )
