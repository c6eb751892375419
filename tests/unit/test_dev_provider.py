"""Dev Provider over real HTTP: what it allows, and what it refuses."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from local.grants import challenge_of
from local.provider import Provider
from local.state import State

REDIRECT_URI = "http://127.0.0.1:8787/oauth/callback/ws_1/dev-provider"
VERIFIER = secrets.token_urlsafe(48)


@dataclass
class Dev:
    """A running provider, its clock, and its one client."""

    folder: Path
    now: float = 1_800_000_000.0
    state: State = field(init=False)
    provider: Provider = field(init=False)

    def start(self, port: int = 0) -> None:
        self.state = State(self.folder)
        self.provider = Provider(port, self.state, clock=lambda: self.now)
        self.provider.redirect_uris = (REDIRECT_URI,)
        self.provider.start()

    def stop(self) -> None:
        self.provider.stop()
        self.state.close()

    def ask(self, **changes: str | None) -> requests.Response:
        given: dict[str, str | None] = {
            "client_id": self.provider.grants.client[0],
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "state": "the state",
            "scope": "profile:read",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        return self.get("/authorize", {**given, **changes})

    def decide(self, decision: str) -> dict[str, str]:
        """What the redirect brings."""
        handle = re.search(r'name="request" value="([^"]+)"', self.ask().text)
        assert handle
        answer = self.post("/authorize", {"request": handle[1], "decision": decision, "account": "acct_ada"})
        assert answer.status_code == 302
        return brought(answer)

    def redeem(self, code: str, verifier: str = VERIFIER, **changes: str) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        return self.token({**form, "redirect_uri": REDIRECT_URI, **changes})

    def connect(self) -> dict[str, str]:
        """A token answer."""
        return self.redeem(self.decide("allow")["code"]).json()

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def token(self, form: dict[str, str]) -> requests.Response:
        return self.post("/token", form, auth=self.provider.grants.client)

    def me(self, access_token: str) -> requests.Response:
        return requests.get(f"{self.provider.url}/me", headers={"authorization": f"Bearer {access_token}"}, timeout=10)

    def get(self, path: str, query: dict[str, str | None] | None = None) -> requests.Response:
        return requests.get(self.provider.url + path, params=query, allow_redirects=False, timeout=10)

    def post(self, path: str, form: dict[str, str], auth: tuple[str, str] | None = None) -> requests.Response:
        return requests.post(self.provider.url + path, data=form, auth=auth, allow_redirects=False, timeout=10)


def brought(answer: requests.Response) -> dict[str, str]:
    """The parameters of a redirect to the client."""
    assert answer.headers["location"].startswith(f"{REDIRECT_URI}?")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    running = Dev(tmp_path)
    running.start()
    yield running
    running.stop()


def test_the_page_names_the_scopes_and_asks(dev: Dev) -> None:
    answer = dev.ask()

    assert answer.status_code == 200
    assert all(text in answer.text for text in ("profile:read", "Allow", "Deny"))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"redirect_uri": REDIRECT_URI + "/"}])
def test_nobody_is_sent_to_an_address_that_is_not_registered(dev: Dev, changes: dict[str, str]) -> None:
    answer = dev.ask(**changes)

    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_goes_back_with_its_error(dev: Dev, changes: dict[str, str | None], error: str) -> None:
    assert brought(dev.ask(**changes))["error"] == error


def test_allow_brings_code_state_and_issuer(dev: Dev) -> None:
    back = dev.decide("allow")

    assert (set(back), back["state"], back["iss"]) == ({"code", "state", "iss"}, "the state", dev.provider.url)


def test_deny_brings_access_denied(dev: Dev) -> None:
    assert dev.decide("deny") == {"error": "access_denied", "state": "the state", "iss": dev.provider.url}


def test_an_unknown_page_decides_nothing(dev: Dev) -> None:
    assert dev.post("/authorize", {"request": "made up", "decision": "allow"}).status_code == 400


def test_a_code_becomes_tokens_that_open_the_account(dev: Dev) -> None:
    tokens = dev.connect()

    assert {name: tokens[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 120,
        "scope": "profile:read",
    }
    assert dev.me(tokens["access_token"]).json() == {"id": "acct_ada", "name": "Ada's Store"}


def test_a_code_needs_its_verifier(dev: Dev) -> None:
    code = dev.decide("allow")["code"]

    wrong = dev.redeem(code, secrets.token_urlsafe(48))

    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")


def test_a_code_needs_its_redirect_uri(dev: Dev) -> None:
    wrong = dev.redeem(dev.decide("allow")["code"], redirect_uri="http://127.0.0.1:1/")

    assert wrong.json()["error"] == "invalid_grant"


def test_a_code_that_comes_twice_ends_its_grant(dev: Dev) -> None:
    code = dev.decide("allow")["code"]
    tokens = dev.redeem(code).json()

    again = dev.redeem(code)

    assert again.json()["error"] == "invalid_grant"
    assert dev.me(tokens["access_token"]).status_code == 401


def test_a_code_lives_a_minute(dev: Dev) -> None:
    code = dev.decide("allow")["code"]

    dev.now += 60

    assert dev.redeem(code).json()["error"] == "invalid_grant"


def test_the_client_proves_itself(dev: Dev) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": dev.connect()["refresh_token"]}
    client_id, client_secret = dev.provider.grants.client

    wrong = dev.post("/token", form, auth=(client_id, "wrong"))
    posted = dev.post("/token", {**form, "client_id": client_id, "client_secret": client_secret})

    assert (wrong.status_code, wrong.json()["error"], posted.status_code) == (401, "invalid_client", 200)


def test_an_access_token_ends(dev: Dev) -> None:
    tokens = dev.connect()

    dev.now += 120

    assert dev.me(tokens["access_token"]).status_code == 401


def test_a_spent_refresh_token_works_through_the_overlap_and_no_longer(dev: Dev) -> None:
    first = dev.connect()["refresh_token"]
    second = dev.refresh(first).json()["refresh_token"]

    dev.now += 29
    within = dev.refresh(first)
    dev.now += 1
    after = dev.refresh(first)

    assert (within.status_code, after.status_code, after.json()["error"]) == (200, 400, "invalid_grant")
    assert dev.refresh(second).status_code == 200


def test_revoking_a_token_ends_its_grant(dev: Dev) -> None:
    tokens = dev.connect()

    answer = dev.post("/revoke", {"token": tokens["refresh_token"]}, auth=dev.provider.grants.client)

    assert (answer.status_code, dev.me(tokens["access_token"]).status_code) == (200, 401)
    assert dev.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_merchant_ends_every_grant_of_the_account(dev: Dev) -> None:
    tokens = [dev.connect() for _ in range(2)]

    answer = requests.post(f"{dev.provider.url}/dev/revoke-all", json={"accountId": "acct_ada"}, timeout=10)

    assert answer.json() == {"revoked": 2}
    assert [dev.me(each["access_token"]).status_code for each in tokens] == [401, 401]


def test_a_restart_keeps_grants_and_client(dev: Dev) -> None:
    tokens, before, client = dev.connect(), dev.provider.url, dev.provider.grants.client

    dev.stop()
    dev.start(dev.provider.server_port)

    assert (dev.provider.url, dev.provider.grants.client) == (before, client)
    assert dev.refresh(tokens["refresh_token"]).status_code == 200


def test_the_metadata_names_what_is_there(dev: Dev) -> None:
    told = dev.get("/.well-known/oauth-authorization-server").json()

    assert (told["issuer"], told["token_endpoint"]) == (dev.provider.url, f"{dev.provider.url}/token")


def test_another_host_name_is_refused(dev: Dev) -> None:
    answer = requests.get(f"{dev.provider.url}/me", headers={"host": "evil.example"}, timeout=10)

    assert answer.status_code == 421


@pytest.mark.parametrize(("key", "status"), [("pk_example", 200), ("sk_example", 401), ("", 401)])
def test_a_key_is_good_when_it_looks_like_one(dev: Dev, key: str, status: int) -> None:
    answer = requests.get(f"{dev.provider.url}/api/me", headers={"x-api-key": key}, timeout=10)

    assert answer.status_code == status
