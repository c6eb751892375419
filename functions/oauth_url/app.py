"""GET /oauthUrl: a link that connects one user with one app."""

from typing import Annotated

from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, Query, caller, limited, secret
from evergrant.runtime.requests import query_parameters
from evergrant.use_cases.connect.begin import Asked, begin_authorization
from evergrant.use_cases.connect.flows import redirect_of
from pydantic import Field, SecretStr, StringConstraints

http = Http()
handler = http.handler

Challenge = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Id = Annotated[str, Field(min_length=1, max_length=256)]


class OAuthUrlQuery(Query):
    """Every other parameter that the app knows is one of its properties, such as the shop."""

    user_id: Id
    app: Id
    return_url: Annotated[str, Field(max_length=2048)] | None = None
    code_challenge: Challenge | None = None
    credential_id: Id | None = None
    scopes: Annotated[str, Field(max_length=4000)] = ""
    way: Annotated[str, Field(max_length=64)] | None = None


OWN = frozenset(field.alias or name for name, field in OAuthUrlQuery.model_fields.items())


@http.get("/oauthUrl")
@limited
def oauth_url(query: OAuthUrlQuery) -> Answer:
    """A link for one use within ten minutes."""
    who = caller(http)
    who.require("connect")
    authorization = begin_authorization(
        who,
        Asked(
            query.user_id,
            query.app,
            _properties(query.app, query.way),
            query.return_url,
            query.code_challenge,
            query.credential_id,
            tuple(query.scopes.split()),
            query.way,
        ),
        base_url=http.base_url,
        apps=wiring.apps(),
        clients=wiring.clients(),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        authorizations=wiring.authorizations(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    return secret(200, {"oauthUrl": f"{http.base_url}/oauth/start/{authorization.authorization_id}"})


def _properties(app: str, way: str | None) -> dict[str, SecretStr]:
    """Those that the app knows; unknown query parameters are ignored."""
    found = wiring.apps().find(caller(http).workspace_id, app)
    known = {each.name for each in redirect_of(found, way).properties} if found else set[str]()
    sent = query_parameters(http.raw)
    return {name: SecretStr(value) for name, value in sent.items() if name in known - OWN}
