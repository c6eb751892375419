"""Pages and cookies: what a browser is told, and what it takes along."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from evergrant.domain.errors import UnavailableError
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.redirects import began, called_back

HTML = {"accept": "text/html"}


def a_link(functions: Functions) -> str:
    answer = functions.call("oauth_url", "GET", "/oauthUrl", query={"userId": "ada", "app": "acme"})
    return answer.body["oauthUrl"]


def finished_unbound(functions: Functions) -> Answer:
    """From the page that asks to the page that tells."""
    link = a_link(functions)
    going = functions.call(
        "oauth_confirm",
        "POST",
        "/oauth/confirm",
        raw=f"id={link.rpartition('/')[2]}",
        headers={"content-type": "application/x-www-form-urlencoded"},
        authorizer={},
    )
    page: str = going.body
    address = page.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    state = parse_qs(urlsplit(address).query)["state"][0]
    return called_back(functions, state, going.headers["set-cookie"].partition(";")[0])


def test_attack_14_the_callbacks_page_forgets_what_the_provider_sent(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    told = finished_unbound(functions)

    nonce = told.headers["content-security-policy"].partition("script-src 'nonce-")[2].partition("'")[0]
    assert told.status == 200, told.body
    assert f"<script nonce=\"{nonce}\">history.replaceState(null, '', location.pathname)</script>" in told.body
    assert (told.headers["referrer-policy"], told.headers["cache-control"]) == ("no-referrer", "no-store")


def test_attack_14_a_page_of_trouble_forgets_it_too(functions: Functions, provider: FakeTokenEndpoint) -> None:
    query = {"code": "code-canary", "state": "nobody"}
    path = f"/oauth/callback/{functions.workspace_id}/acme"

    told = functions.call("oauth_callback", "GET", path, query=query, headers=HTML, authorizer={})

    assert told.status == 400
    assert "history.replaceState" in told.body
    assert "code-canary" not in told.body
    assert (told.headers["referrer-policy"], told.headers["cache-control"]) == ("no-referrer", "no-store")


def test_the_page_that_asks_lets_its_form_say_where_it_comes_from(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    asking = functions.call("oauth_start", "GET", urlsplit(a_link(functions)).path, headers=HTML, authorizer={})

    assert asking.headers["referrer-policy"] == "strict-origin"


def test_a_page_asks_for_patience_as_json_does(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise UnavailableError(retry_after=7)

    monkeypatch.setattr(wiring, "authorizations", Away)
    told = functions.call("oauth_start", "GET", "/oauth/start/auth_1", headers=HTML, authorizer={})

    assert (told.status, told.headers["retry-after"]) == (503, "7")
    assert told.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "foreign", ['prefs={"theme": "dark", "n": [1, 2]}', "a=b=c", "=x", "novalue", 'quoted="a; b"', "x=\xe4", ",;;"]
)
def test_a_foreign_cookie_does_not_hide_ours(functions: Functions, provider: FakeTokenEndpoint, foreign: str) -> None:
    state, cookie = began(functions)

    answer = called_back(functions, state, f"{foreign}; {cookie}; {foreign}")

    assert (answer.status, "completion=" in answer.headers["location"]) == (303, True)
