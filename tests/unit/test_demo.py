"""Acme Shop's backend over real HTTP, with a fake of the API: whose page may ask for what, and how it is set up."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from local.api import Answer, Api
from local.demo import Demo
from local.grants import challenge_of
from local.onboarding import prepare
from local.provider import Provider
from local.state import State

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
CREDENTIAL = {
    "credentialId": "cred_1",
    "type": "dev-provider",
    "name": "Dev",
    "status": "active",
    "accountId": "acct_ada",
}
LISTED = "/users/demo@example.com/credentials"
OTHERS_PAGE = "https://shop.example/back"


@dataclass
class FakeApi(Api):
    """Answers as api.md says; what it was asked for is kept."""

    workspace: dict[str, Any] = field(
        default_factory=lambda: {
            "name": "Local",
            "origins": [],
            "returnUrls": [OTHERS_PAGE],
            "reconnectUrl": None,
            "allowUnboundOauth": True,
            "branding": {},
        }
    )
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    url: str = "http://127.0.0.1:4"
    asked: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])

    def call(self, method: str, path: str, content: object = None) -> Answer:
        path, _, query = path.partition("?")
        name = f"{method} {path}"
        self.asked.append((name, content or query))
        if name == "PUT /workspace":
            assert isinstance(content, dict)
            self.workspace = content
        known = {
            "GET /workspace": Answer(200, self.workspace),
            "GET /oauthUrl": Answer(200, {"oauthUrl": "http://127.0.0.1:1/oauth/start/1"}),
            f"GET {LISTED}": Answer(200, {"data": [CREDENTIAL]}),
            "POST /credentials/cred_1/token": Answer(
                200,
                {
                    "kind": "oauth2",
                    "expiresAt": None,
                    "secret": {"accessToken": "0123456789abcdef", "tokenType": "Bearer"},
                    "headers": {},
                },
            ),
            "POST /webhooks/endpoints": Answer(201, {"endpointId": "ep_1", "secret": SECRET}),
            "GET /webhooks/endpoints/ep_1": Answer(200, {"url": "http://127.0.0.1:1/hook", "status": "healthy"}),
            "POST /credentials/cred_1/verify": Answer(404, {"message": "There is no such route."}),
        }
        return self.answers.get(name) or known.get(name) or Answer(200, {"success": True})

    def requests_of(self, name: str) -> list[Any]:
        """What came with each call of that name."""
        return [content for asked, content in self.asked if asked == name]


@dataclass
class Browser:
    """One cookie jar on the demo's page."""

    url: str
    session: requests.Session

    def post(self, path: str, body: object, origin: str | None = None) -> requests.Response:
        headers = {"origin": origin or self.url}
        return self.session.post(self.url + path, json=body, headers=headers, timeout=10)

    def come_back(self, query: str) -> str:
        """The page after the return."""
        return self.session.get(f"{self.url}/return?{query}", timeout=10).text


@dataclass
class Running:
    """The demo beside its provider."""

    api: FakeApi
    provider: Provider
    demo: Demo
    state: State

    def browser(self) -> Browser:
        session = requests.Session()
        session.get(self.demo.url, timeout=10)
        return Browser(self.demo.url, session)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    state, api = State(tmp_path), FakeApi()
    provider = Provider(0, state)
    demo = Demo(0, api, Api(provider.url))
    for site in (provider, demo):
        site.start()
    yield Running(api, provider, demo, state)
    for site in (provider, demo):
        site.stop()
    state.close()


def test_who_began_finishes_with_the_verifier_of_the_session(running: Running) -> None:
    browser = running.browser()

    began = browser.post("/connect/oauth", {})
    page = browser.come_back("completion=c1")

    completed = running.api.requests_of("POST /connect/complete")[0]
    assert began.json() == {"location": "http://127.0.0.1:1/oauth/start/1"}
    assert (completed["completion"], completed["userId"]) == ("c1", "demo@example.com")
    assert f"codeChallenge={challenge_of(completed['codeVerifier'])}" in running.api.requests_of("GET /oauthUrl")[0]
    assert "Dev Provider is connected." in page


def test_another_browser_cannot_finish_it(running: Running) -> None:
    running.browser().post("/connect/oauth", {})

    page = running.browser().come_back("completion=c1")

    assert "Nothing was connected." in page
    assert running.api.requests_of("POST /connect/complete") == []


def test_a_return_counts_once(running: Running) -> None:
    browser = running.browser()
    browser.post("/connect/oauth", {})

    for _ in range(2):
        browser.come_back("completion=c1")

    assert len(running.api.requests_of("POST /connect/complete")) == 1


@pytest.mark.parametrize(("code", "said"), [("access_denied", "You said no"), ("<script>", "unknown")])
def test_an_error_is_told_and_never_echoed(running: Running, code: str, said: str) -> None:
    page = running.browser().come_back(f"error={code}")

    assert said in page
    assert "<script>." not in page


def test_another_page_cannot_press_the_buttons(running: Running) -> None:
    answer = running.browser().post("/credentials/disconnect", {"credentialId": "cred_1"}, "http://127.0.0.1:1")

    assert (answer.status_code, running.api.asked) == (403, [])


def test_the_page_sees_the_ends_of_a_token_and_no_key(running: Running) -> None:
    told = running.browser().post("/credentials/token", {"credentialId": "cred_1"})

    assert told.json()["secret"] == {"accessToken": "0123…cdef", "tokenType": "Bearer"}


def test_another_users_credential_is_not_touched(running: Running) -> None:
    answer = running.browser().post("/credentials/token", {"credentialId": "cred_2"})

    assert (answer.status_code, [name for name, _ in running.api.asked]) == (404, [f"GET {LISTED}"])


def test_a_revoked_grant_is_gone_at_the_provider(running: Running) -> None:
    grants = running.provider.grants
    verifier = "v" * 43
    code = grants.authorize("acct_ada", "profile:read", "http://127.0.0.1/", challenge_of(verifier))
    tokens = grants.redeem(code, "http://127.0.0.1/", verifier)

    told = running.browser().post("/credentials/revoke", {"credentialId": "cred_1"})

    assert told.json() == {"revoked": 1, "status": None}
    assert grants.account_of(str(tokens["access_token"])) is None


def deliver(running: Running, *, at: float, signed: str | None = None) -> int:
    """The receiver's status for an event, the same each time."""
    body = json.dumps({"id": "evt_1", "type": "credential.expired"})
    stamp = str(int(at))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.digest(key, f"msg_1.{stamp}.{signed or body}".encode(), hashlib.sha256)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
        "content-type": "application/json",
    }
    return requests.post(f"{running.demo.url}/hook", data=body, headers=headers, timeout=10).status_code


def test_a_signed_event_is_shown_once(running: Running) -> None:
    running.demo.webhook_secret = SECRET

    statuses = [deliver(running, at=time.time()) for _ in range(2)]
    shown = requests.get(f"{running.demo.url}/events", timeout=10).json()["data"]

    assert (statuses, [each["id"] for each in shown]) == ([204, 204], ["evt_1"])


def test_a_forged_or_old_event_is_refused(running: Running) -> None:
    running.demo.webhook_secret = SECRET

    forged = deliver(running, at=time.time(), signed="{}")
    old = deliver(running, at=time.time() - 301)

    assert (forged, old, requests.get(f"{running.demo.url}/events", timeout=10).json()["data"]) == (401, 401, [])


def shown(running: Running) -> list[tuple[str, bool]]:
    """The events on the page, and whether each was received since the start."""
    events = requests.get(f"{running.demo.url}/events", timeout=10).json()["data"]
    return [(each["id"], each["receivedAt"] is not None) for each in events]


def test_what_was_told_before_a_restart_is_shown_again(running: Running) -> None:
    told = [{"id": "evt_2", "type": "credential.updated"}, {"id": "evt_1", "type": "credential.expired"}]
    running.api.answers["GET /events"] = Answer(200, {"data": told})

    running.demo.recall()

    assert shown(running) == [("evt_1", False)]


def test_what_comes_after_a_restart_is_shown_once_and_as_received(running: Running) -> None:
    running.api.answers["GET /events"] = Answer(200, {"data": [{"id": "evt_1", "type": "credential.expired"}]})
    running.demo.recall()
    running.demo.webhook_secret = SECRET

    deliver(running, at=time.time())

    assert shown(running) == [("evt_1", True)]


def test_an_event_waits_for_the_secret(running: Running) -> None:
    assert deliver(running, at=time.time()) == 503


def test_preparing_adds_the_demos_pages_to_those_there(running: Running) -> None:
    prepare(running.state, running.api, running.provider, "http://127.0.0.1:5")
    prepare(running.state, running.api, running.provider, "http://127.0.0.1:6")

    assert running.api.workspace["returnUrls"] == [OTHERS_PAGE, "http://127.0.0.1:6/return"]
    assert running.api.workspace["origins"] == ["http://127.0.0.1:6"]
    assert running.api.workspace["reconnectUrl"] == "http://127.0.0.1:6/?reconnect={credentialId}"


def test_merchants_read_the_shops_name_unless_the_owner_gave_another(running: Running) -> None:
    prepare(running.state, running.api, running.provider, running.demo.url)
    ours = running.api.workspace["branding"]
    running.api.workspace["branding"] = {"name": "Their Shop", "theme": "dark"}
    prepare(running.state, running.api, running.provider, running.demo.url)

    assert ours == {"name": "Acme Shop"}
    assert running.api.workspace["branding"] == {"name": "Their Shop", "theme": "dark"}


def test_a_page_answers_head_as_get_without_its_content(running: Running) -> None:
    got, headed = (requests.request(method, running.demo.url, timeout=10) for method in ("GET", "HEAD"))

    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_the_owners_reconnect_page_stays(running: Running) -> None:
    running.api.workspace["reconnectUrl"] = OTHERS_PAGE

    prepare(running.state, running.api, running.provider, running.demo.url)

    assert running.api.workspace["reconnectUrl"] == OTHERS_PAGE


def test_the_webhook_is_registered_once(running: Running) -> None:
    secrets = [prepare(running.state, running.api, running.provider, running.demo.url) for _ in range(2)]

    assert (secrets, len(running.api.requests_of("POST /webhooks/endpoints"))) == ([SECRET, SECRET], 1)
    assert running.api.requests_of("PATCH /webhooks/endpoints/ep_1")[0]["url"] == f"{running.demo.url}/hook"


def test_a_webhook_that_the_api_lost_is_registered_anew(running: Running) -> None:
    running.api.answers["GET /webhooks/endpoints/ep_1"] = Answer(404)

    for _ in range(2):
        prepare(running.state, running.api, running.provider, running.demo.url)

    assert len(running.api.requests_of("POST /webhooks/endpoints")) == 2


def test_what_the_api_does_not_have_is_said_in_a_line(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    running.api.answers["PUT /apps/dev-provider/client"] = Answer(404, {"message": "There is no such route."})

    secret = prepare(running.state, running.api, running.provider, running.demo.url)

    said = capsys.readouterr()
    assert (secret, said.out, said.err.count("\n")) == (SECRET, "", 1)
    assert "the OAuth client: 404" in said.err


def test_the_apps_entry_is_one_that_the_api_takes(running: Running) -> None:
    from evergrant.domain.app import App

    prepare(running.state, running.api, running.provider, running.demo.url)

    entry = App.model_validate(running.api.requests_of("PUT /apps/dev-provider")[0], context={"loopback": True})
    method = entry.oauth2()
    assert method
    assert (entry.slug, method.issuer) == ("dev-provider", running.provider.url)


def test_keys_go_to_the_development_provider_and_nowhere_else(running: Running) -> None:
    from evergrant.domain.app import App

    prepare(running.state, running.api, running.provider, running.demo.url)
    running.browser().post("/connect/key", {"apiKey": "pk_1"})

    entry = App.model_validate(running.api.requests_of("PUT /apps/dev-keys")[0], context={"loopback": True})
    connected = running.api.requests_of("POST /credentials")[0]["credential"]
    assert [method.request.base_url for method in entry.methods] == [running.provider.url]
    assert connected == {"type": entry.slug, "data": {"apiKey": "pk_1"}}
