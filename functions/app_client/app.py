"""/apps/{app}/client: the workspace's own OAuth client at a provider."""

from typing import Annotated

from evergrant.domain.client import OAuthClient, redirect_uri
from evergrant.domain.times import iso_or_none
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, Strict, caller, live_caller, ok
from evergrant.use_cases.apps.clients import NewClient, delete_client, oauth_app, set_client
from pydantic import Field, SecretStr, StringConstraints

http = Http()
handler = http.handler

Visible = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[\x20-\x7e]+$")]
Scope = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[\x21-\x7e]+$")]
Hidden = Annotated[SecretStr, Field(min_length=1, max_length=16_384)]


class ClientBody(Strict):
    """As it was registered with the provider."""

    client_id: Visible
    client_secret: Hidden | None = None
    scopes: Annotated[tuple[Scope, ...], Field(max_length=200)] = ()
    extra: Annotated[dict[str, Hidden], Field(max_length=20, default_factory=dict)]


@http.put("/apps/<app>/client")
def put(app: str, body: ClientBody) -> Answer:
    """Set it, as a whole."""
    who = live_caller(http)
    who.require("apps")
    new = NewClient(body.client_id, body.client_secret, body.scopes, body.extra)
    client = set_client(who, app, new, apps=wiring.apps(), clients=wiring.clients(), clock=wiring.clock())
    return ok(_shown(client, redirect_uri(http.base_url, who.workspace_id, client.app)))


@http.get("/apps/<app>/client")
def get(app: str) -> Answer:
    """The client without its secret, and the redirect URI to register with the provider, set or not."""
    who = caller(http)
    who.require("apps")
    found = oauth_app(who, app, apps=wiring.apps())
    client = wiring.clients().find(who.workspace_id, found.slug)
    return ok(_shown(client, redirect_uri(http.base_url, who.workspace_id, found.slug)))


@http.delete("/apps/<app>/client")
def delete(app: str) -> Answer:
    """Forget it: nothing more is connected or renewed with it."""
    who = live_caller(http)
    who.require("apps")
    delete_client(who, app, apps=wiring.apps(), clients=wiring.clients())
    return ok({"success": True})


def _shown(client: OAuthClient | None, address: str) -> dict[str, object]:
    return {
        "clientId": client and client.client_id,
        "scopes": list(client.scopes) if client else [],
        "extra": sorted(client.extra) if client else [],
        "createdAt": iso_or_none(client and client.created_at),
        "redirectUri": address,
    }
