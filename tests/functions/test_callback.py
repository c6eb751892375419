"""OAuth's round trip against a provider and a browser that misbehave, and a process that dies in between."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.adapters.oauth.token_endpoint import HttpTokenEndpoint
from evergrant.adapters.system.clock import SystemClock, SystemEntropy
from evergrant.domain.errors import ProviderError
from pydantic import SecretStr

from tests.conformance.keys import private_key
from tests.contracts.test_token_endpoint import client_of, method_of
from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.faults import KilledError, fault
from tests.functions.loopback import Loopback, Told
from tests.functions.loopback import provider as on_loopback
from tests.functions.redirects import RETURN_URL, began, called_back, completed, completion_of, connected


@pytest.fixture
def server() -> Iterator[Loopback]:
    with on_loopback() as told:
        yield told


def endpoint() -> HttpTokenEndpoint:
    return HttpTokenEndpoint(CheckedTransport(allow_loopback=True), SystemClock(), SystemEntropy())


def listed(functions: Functions) -> list[dict[str, Any]]:
    return functions.call("list_credentials", "GET", "/users/ada/credentials").body["data"]


def started(functions: Functions) -> tuple[str, str, str]:
    """State, cookie and challenge."""
    query = {"userId": "ada", "app": "acme", "returnUrl": RETURN_URL}
    link: str = functions.call("oauth_url", "GET", "/oauthUrl", query=query).body["oauthUrl"]
    going = functions.call("oauth_start", "GET", urlsplit(link).path, authorizer={})
    asked = parse_qs(urlsplit(going.headers["location"]).query)
    return asked["state"][0], going.headers["set-cookie"].partition(";")[0], asked["code_challenge"][0]


def test_attack_03_a_code_of_another_flow_is_not_exchanged(functions: Functions, provider: FakeTokenEndpoint) -> None:
    *_, victims = started(functions)
    state, cookie, _ = started(functions)
    provider.challenges["victims-code"] = victims

    injected = completed(functions, completion_of(called_back(functions, state, cookie, code="victims-code")))

    assert (injected.status, injected.body["code"]) == (502, "grant_refused")
    assert listed(functions) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_attack_13_a_token_endpoint_that_redirects_gets_nothing_forwarded(server: Loopback, status: int) -> None:
    with on_loopback() as thief:
        server.answer = lambda _: Told(status, headers={"Location": f"{thief.url}/token"})

        with pytest.raises(ProviderError):
            endpoint().exchange(
                method_of(server.url),
                client_of("id", "secret"),
                {},
                code=SecretStr("code"),
                code_verifier=SecretStr("v" * 43),
                redirect_uri="https://evergrant.example/callback",
            )

    assert (len(server.asked), thief.asked) == (1, [])


def test_attack_14_a_callback_leaves_no_trace_in_a_browser(functions: Functions, provider: FakeTokenEndpoint) -> None:
    back = called_back(functions, *began(functions))
    refused = called_back(functions, "unknown", "evergrant-x=y")
    location = back.headers["location"]

    for answer in (back, refused):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert back.status == 303
    assert parse_qs(urlsplit(location).query).keys() == {"completion"}
    assert "code-canary" not in f"{location}{back.body}{refused.body}"


def test_attack_20_an_answer_without_a_refresh_token_keeps_the_one_before(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    path = f"/credentials/{connected(functions)}/token"
    provider.omits_refresh_token = True

    answers = [functions.call("fresh_token", "POST", path, {"force": True}) for _ in range(3)]

    assert [each.body["secret"]["accessToken"] for each in answers] == ["at.2", "at.3", "at.4"]


def test_attack_14_a_page_takes_what_the_provider_sent_out_of_the_history(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    answer = functions.call(
        "oauth_callback",
        "GET",
        f"/oauth/callback/{functions.workspace_id}/acme",
        query={"code": "code-canary", "state": "unknown"},
        headers={"accept": "text/html"},
        authorizer={},
    )

    assert "history.replaceState(null, '', location.pathname)" in answer.body
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "code-canary" not in answer.body


@pytest.mark.parametrize("kind", ["mac", "N_A", "DPoP"])
def test_attack_20_a_token_that_is_no_bearer_is_refused(server: Loopback, kind: str) -> None:
    server.answer = lambda _: Told(200, {"access_token": "a", "token_type": kind, "expires_in": 60})

    with pytest.raises(ProviderError):
        endpoint().exchange(
            method_of(server.url),
            client_of("id", "secret"),
            {},
            code=SecretStr("c"),
            redirect_uri="https://evergrant.example/oauth/callback",
            code_verifier=SecretStr("v"),
        )


def test_attack_22_the_same_address_in_two_workspaces_stays_apart(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    credential_id = connected(functions)
    other = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "development"})
    who = {"workspaceId": other["workspaceId"], "apiKeyId": other["apiKeyId"], "scopes": functions.scopes}
    functions.call("users", "POST", "/users", {"username": "ada"}, authorizer=who)

    theirs = functions.call("list_credentials", "GET", "/users/ada/credentials", authorizer=who)

    assert [each["credentialId"] for each in listed(functions)] == [credential_id]
    assert theirs.body["data"] == []


def test_attack_24_an_assertion_is_for_the_server_that_it_is_sent_to_alone(server: Loopback) -> None:
    server.answer = lambda _: Told(200, {"access_token": "a", "token_type": "Bearer", "expires_in": 60})
    method = method_of(server.url).model_copy(update={"token_endpoint_auth_method": "private_key_jwt"})

    endpoint().refresh(method, client_of("id", private_key("RS256")), {}, SecretStr("r"))

    sent = parse_qs(server.asked[0].body.decode())
    claims = jwt.decode(sent["client_assertion"][0], options={"verify_signature": False})
    assert claims["aud"] == (method.issuer or method.token_endpoint)
    assert "client_secret" not in sent


def test_fault_21_a_callback_that_dies_after_its_state_leaves_nothing_to_reuse(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    """Made by a hook of botocore, which kills the worker."""
    state, cookie = began(functions)
    with fault("killed_before", "TransactWriteItems", "completion"), pytest.raises(KilledError):
        called_back(functions, state, cookie)

    again = called_back(functions, state, cookie)

    assert (again.status, again.body["code"]) == (400, "state_used")
    assert (provider.asked, listed(functions)) == (0, [])
    assert connected(functions)


def test_fault_22_a_completion_that_dies_after_its_exchange_can_be_begun_again(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    """Made by a hook of botocore, which kills the worker."""
    completion = completion_of(called_back(functions, *began(functions)))
    with fault("killed_before", "TransactWriteItems", "credential.created"), pytest.raises(KilledError):
        completed(functions, completion)

    again = completed(functions, completion)
    left = listed(functions)
    anew = completed(functions, completion_of(called_back(functions, *began(functions), code="another")))

    assert (again.status, again.body["code"], left) == (400, "completion_used", [])
    assert (anew.status, len(listed(functions))) == (201, 1)


def test_fault_23_a_double_click_exchanges_once(functions: Functions, provider: FakeTokenEndpoint) -> None:
    """Made by the caller."""
    state, cookie = began(functions)

    first, second = (called_back(functions, state, cookie) for _ in range(2))
    twice = [completed(functions, completion_of(first)).status for _ in range(2)]

    assert (first.status, second.status, twice, provider.asked) == (303, 400, [201, 400], 1)
