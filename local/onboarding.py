"""What the owner of a product sets up once, here for the demo: its user, its pages, its apps, its webhook."""

import sys
from typing import Any

from local.api import Answer, Api
from local.provider import SCOPES, Provider
from local.state import State

FILE = "demo.json"
SHOP = "Acme Shop"
USER = "demo@example.com"
APP = "dev-provider"
KEY_APP = "dev-keys"
EVENTS = [f"credential.{what}" for what in ("created", "reconnected", "degraded", "recovered", "expired", "deleted")]


def prepare(state: State, api: Api, provider: Provider, demo_url: str) -> str | None:
    """Safe to run at each start. The webhook's signing secret, if there is one: it is shown once, so it is kept.

    What does not work is said in a line, and the demo goes on without it.
    """
    _expect(api.call("POST", "/users", {"username": USER, "fullName": "Ada Demo"}), "the demo's user", 409)
    _set_pages(state, api, demo_url)
    for entry in (_entry(provider), _key_entry(provider)):
        _expect(api.call("PUT", f"/apps/{entry['slug']}", entry), f"the app {entry['slug']}")
    client_id, client_secret = provider.grants.client
    client = {"clientId": client_id, "clientSecret": client_secret}
    _expect(api.call("PUT", f"/apps/{APP}/client", client), "the OAuth client")
    return _hear(state, api, f"{demo_url}/hook")


def remember(state: State, **values: object) -> dict[str, Any]:
    """All that the demo remembers, with these."""
    known = {**(state.read(FILE) or {}), **values}
    state.write(FILE, known)
    return known


def _set_pages(state: State, api: Api, demo_url: str) -> None:
    """Add ours; those of a port that we no longer have go; all others stay."""
    pages = {
        "origin": demo_url,
        "returnUrl": f"{demo_url}/return",
        "reconnectUrl": f"{demo_url}/?reconnect={{credentialId}}",
    }
    former = state.read(FILE) or {}
    found = api.get("/workspace")
    if not _expect(found, "the workspace"):
        return
    workspace = found.content
    others = [url for url in workspace["returnUrls"] if url not in {former.get("returnUrl"), pages["returnUrl"]}]
    origins = [url for url in workspace["origins"] if url not in {former.get("origin"), demo_url}]
    reconnect = workspace["reconnectUrl"]
    wanted = {
        "name": workspace["name"],
        "origins": [*origins, demo_url],
        "returnUrls": [*others, pages["returnUrl"]],
        "reconnectUrl": pages["reconnectUrl"] if reconnect in {None, former.get("reconnectUrl")} else reconnect,
        "allowUnboundOauth": workspace["allowUnboundOauth"],
        "branding": {"name": SHOP, **workspace["branding"]},
    }
    if all(workspace[name] == value for name, value in wanted.items()) or _expect(
        api.call("PUT", "/workspace", wanted), "the workspace"
    ):
        remember(state, **pages)


def _entry(provider: Provider) -> dict[str, object]:
    """The OAuth app's entry, as in the catalogue."""
    told = provider.metadata()
    method: dict[str, object] = {
        "kind": "oauth2",
        **{name: told[name] for name in ("issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint")},
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_method": "client_secret_basic",
        "scopes": list(SCOPES),
        "refresh": "rotate_overlap",
        "revocation_scope": "token",
        "request": {"base_url": provider.url, "headers": {"Authorization": "Bearer {accessToken}"}},
        "probe": {"path": "/me", "account_id": "id", "account_name": "name"},
    }
    return {"slug": APP, "name": "Dev Provider", "docs_url": provider.url, "methods": [method]}


def _key_entry(provider: Provider) -> dict[str, object]:
    """An app that takes an API key, which never leaves this machine."""
    method: dict[str, object] = {
        "kind": "api_key",
        "properties": [
            {"name": "apiKey", "label": "API key", "help": "Any that begins with pk_ is good.", "placeholder": "pk_…"}
        ],
        "request": {"base_url": provider.url, "headers": {"X-Api-Key": "{apiKey}"}},
        "probe": {"path": "/api/me", "account_id": "id", "account_name": "name"},
    }
    return {"slug": KEY_APP, "name": "Dev Keys", "docs_url": provider.url, "methods": [method]}


def _hear(state: State, api: Api, url: str) -> str | None:
    """The endpoint that we have already, put right; a new one when the API does not know it."""
    known = state.read(FILE) or {}
    if "endpointId" in known:
        path = f"/webhooks/endpoints/{known['endpointId']}"
        found = api.get(path)
        if found.ok:
            # It is disabled after five days in which no demo ran.
            if found.content["url"] != url or found.content["status"] == "disabled":
                _expect(api.call("PATCH", path, {"url": url, "status": "active"}), "the webhook")
            return known["secret"]
    made = api.call("POST", "/webhooks/endpoints", {"url": url, "events": EVENTS, "description": f"{SHOP} demo"})
    if not _expect(made, "the webhook"):
        return None
    remember(state, endpointId=made.content["endpointId"], secret=made.content["secret"])
    return made.content["secret"]


def _expect(answer: Answer, what: str, *also: int) -> bool:
    if answer.ok or answer.status in also:
        return True
    print(f"evergrant: the demo goes on without {what}: {answer.status} {answer.message}", file=sys.stderr)
    return False
