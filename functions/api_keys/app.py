"""/api-keys: made, listed, revoked."""

from typing import Annotated

from evergrant.domain.caller import Scope
from evergrant.domain.times import iso, iso_or_none
from evergrant.domain.workspace import ApiKey
from evergrant.ports.pages import Page
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, PageQuery, Strict, caller, idempotent, live_caller, ok, secret
from evergrant.runtime.lists import listed
from evergrant.runtime.moments import Moment
from evergrant.runtime.text import Name
from evergrant.use_cases.workspaces import api_keys
from pydantic import Field

http = Http()
handler = http.handler


class NewApiKey(Strict):
    """`POST /api-keys`"""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    expires_at: Moment | None = None


def _shown(api_key: ApiKey) -> dict[str, object]:
    return {
        "apiKeyId": api_key.api_key_id,
        "name": api_key.name,
        "scopes": list(api_key.scopes),
        "createdAt": iso(api_key.created_at),
        "expiresAt": iso_or_none(api_key.expires_at),
    }


@http.post("/api-keys")
@idempotent
def create(body: NewApiKey) -> Answer:
    """Make a key; it is shown once."""
    who = live_caller(http)
    who.require("admin")
    minted = api_keys.create_api_key(
        who,
        body.name,
        body.scopes,
        body.expires_at,
        directory=wiring.directory(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=http.identities,
    )
    return secret(201, {**_shown(minted.api_key), "key": minted.key.get_secret_value()})


@http.get("/api-keys")
def list_all(query: PageQuery) -> Answer:
    """The workspace's keys; never their text."""
    who = caller(http)
    who.require("admin")

    def read(after: str | None) -> Page[ApiKey]:
        return api_keys.list_api_keys(who, limit=query.limit, after=after, directory=wiring.directory())

    return listed(query, f"{who.workspace_id}|api-keys", read, _shown)


@http.delete("/api-keys/<api_key_id>")
def revoke(api_key_id: str) -> Answer:
    """Refused everywhere within a minute, and at once wherever a secret is released or something destroyed."""
    who = live_caller(http)
    who.require("admin")
    api_keys.revoke_api_key(who, api_key_id, directory=wiring.directory())
    return ok({"success": True})
