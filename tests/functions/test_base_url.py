"""Without a configured address the gateway's own name is used, and never a header of the caller's."""

from urllib.parse import parse_qs, urlsplit

import pytest
from evergrant.runtime.settings import settings

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.redirects import RETURN_URL, completed

OURS = "https://api.example/v1"
FORGED = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    "x-original-host": "evil.example",
    "forwarded": "host=evil.example;proto=http",
}


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch, functions: Functions) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "")
    settings.cache_clear()


def test_attack_12_every_address_is_the_gateways_own(functions: Functions, provider: FakeTokenEndpoint) -> None:
    query = {"userId": "ada", "app": "acme", "returnUrl": RETURN_URL}
    link: str = functions.call("oauth_url", "GET", "/oauthUrl", query=query, headers=FORGED).body["oauthUrl"]
    path = urlsplit(link).path.removeprefix("/v1")
    started = functions.call("oauth_start", "GET", path, headers=FORGED, authorizer={})
    sent = parse_qs(urlsplit(started.headers["location"]).query)
    shown = functions.call("app_client", "GET", "/apps/acme/client", headers=FORGED).body
    cookie = started.headers["set-cookie"].partition(";")[0]

    back = functions.call(
        "oauth_callback",
        "GET",
        urlsplit(sent["redirect_uri"][0]).path.removeprefix("/v1"),
        query={"code": "c", "state": sent["state"][0]},
        headers={**FORGED, "cookie": cookie},
        authorizer={},
    )

    assert link.startswith(f"{OURS}/oauth/start/")
    assert sent["redirect_uri"] == [f"{OURS}/oauth/callback/{functions.workspace_id}/acme"]
    assert shown["redirectUri"] == sent["redirect_uri"][0]
    assert back.headers["location"].startswith(f"{RETURN_URL}?completion=")
    assert completed(functions, parse_qs(urlsplit(back.headers["location"]).query)["completion"][0]).status == 201
