"""Attack 5 of the draft's 2.2 on the running stack: a malicious app is after the code of an honest one.

1. The victim connects the attacker's app. 2. We send the browser to its authorization endpoint. 3. That sends it on to
the honest provider, with the honest app's client, and with the state and challenge that were ours for its own app.
4. The victim consents there. 5. The honest provider sends the code back to us. 6. We would give it, with the verifier,
to the token endpoint of the app for which the state was made: the attacker's. The sixth must not happen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.functions.loopback import Loopback
from tests.functions.loopback import provider as attacking
from tests.stack.conftest import Stack
from tests.stack.provider import CLIENT_SECRET, Provider
from tests.stack.test_oauth import RETURN_URL, link, plain, provider

__all__ = ["plain", "provider"]  # Fixtures that these tests take.


@dataclass
class Attack:
    """The attacker's server, and the stack as seen by the workspace that has its app."""

    server: Loopback
    stack: Stack

    @property
    def token_requests(self) -> list[str]:
        return [each.path for each in self.server.asked if each.path.startswith("/token")]

    def lured(self, user: str) -> tuple[requests.Session, dict[str, str]]:
        """Steps 1 and 2: the victim's browser, and what we sent to the attacker's authorization endpoint."""
        browser = requests.Session()
        start = browser.get(link(self.stack, user, app="evil"), allow_redirects=False, timeout=30)
        assert start.headers["location"].startswith(f"{self.server.url}/authorize"), start.text
        asked = parse_qs(urlsplit(start.headers["location"]).query)
        return browser, {name: values[0] for name, values in asked.items()}

    def sent_on(self, asked: dict[str, str], honest: Provider, redirect_uri: str) -> str:
        """Step 3: the same question, put to the honest provider."""
        theirs = {"client_id": "evergrant", "redirect_uri": redirect_uri, "scope": "openid offline_access"}
        return f"{honest.issuer}/auth?{urlencode({**asked, **theirs, 'prompt': 'consent'})}"


def evil(server: Loopback, honest: Provider) -> dict[str, Any]:
    """The attacker's entry: as the honest one, but for its endpoints, and it promises no `iss`."""
    endpoints = {"authorization_endpoint": f"{server.url}/authorize", "token_endpoint": f"{server.url}/token"}
    more = {"issuer": None, "authorization_response_iss_parameter_supported": False, "revocation_endpoint": None}
    return honest.entry("evil", **endpoints, **more)


@pytest.fixture(params=["in_a_workspace_of_its_own", "in_the_same_workspace"])
def attack(request: pytest.FixtureRequest, stack: Stack, provider: Provider) -> Iterator[Attack]:
    with attacking() as server:
        place = stack
        if request.param == "in_a_workspace_of_its_own":
            shop = {"action": "create_workspace", "name": "Attacker", "environment": "development"}
            made = stack.invoke("AdminFunction", shop)
            place = replace(stack, key=made["apiKey"], workspace_id=made["workspaceId"])
            place.request("PUT", "/workspace", {"name": "Attacker", "returnUrls": [RETURN_URL]})
        assert place.request("PUT", "/apps/evil", evil(server, provider)).status_code == 200
        client = {"clientId": "evergrant", "clientSecret": CLIENT_SECRET}
        assert place.request("PUT", "/apps/evil/client", client).status_code == 200
        yield Attack(server, place)
        place.request("DELETE", "/apps/evil")


def test_attack_05_a_code_that_came_back_to_the_honest_app_goes_to_nobody(
    attack: Attack, stack: Stack, provider: Provider
) -> None:
    victim = attack.stack.user("coat")
    browser, asked = attack.lured(victim)
    honest = f"{stack.url}/oauth/callback/{stack.workspace_id}/acme"

    callback = provider.consent(browser, attack.sent_on(asked, provider, honest))
    refused = browser.get(callback, allow_redirects=False, timeout=30)
    again = browser.get(callback.replace(honest, asked["redirect_uri"]), allow_redirects=False, timeout=30)

    assert "code=" in callback
    assert (refused.status_code, refused.json()["code"]) == (400, "context_mismatch")
    assert (again.status_code, again.json()["code"]) == (400, "state_used")
    assert (attack.token_requests, provider.token_requests()) == ([], 0)
    assert attack.stack.request("GET", f"/users/{victim}/credentials").json()["data"] == []
    assert "context_mismatch" in attack.stack.request("GET", "/audit").text


def test_attack_05_the_honest_provider_sends_no_code_to_the_attackers_redirect(
    attack: Attack, provider: Provider
) -> None:
    browser, asked = attack.lured(attack.stack.user("coat-uri"))

    answer = browser.get(attack.sent_on(asked, provider, asked["redirect_uri"]), allow_redirects=False, timeout=30)

    assert (answer.status_code, "redirect_uri" in answer.text) == (400, True)
    assert attack.token_requests == []


def test_attack_05_what_stays_with_the_attackers_app_is_a_flow_like_any_other(attack: Attack) -> None:
    browser, asked = attack.lured(attack.stack.user("coat-own"))

    back = browser.get(
        f"{asked['redirect_uri']}?{urlencode({'code': 'theirs', 'state': asked['state']})}",
        allow_redirects=False,
        timeout=30,
    )

    assert (back.status_code, "completion=" in back.headers["location"]) == (303, True)
