"""Attack 33: what goes well and what goes wrong, and after it no secret stands anywhere in any clothes."""

import base64
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from evergrant.domain.errors import ClientRefusedError, GrantRefusedError, ProviderError, ProviderTimeoutError
from evergrant.runtime import wiring
from evergrant.runtime.observability import logger

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.redirects import RETURN_URL, began, called_back, completed, completion_of

CODE, CLIENT_SECRET, STATIC = "code-canary", "secret-canary", "pk-canary-0123456789"
MAY_SHOW: dict[str, set[str]] = {
    "access": {"fresh_token"},
    "static": {"fresh_token"},
    "state": {"oauth_start"},
    "cookie": {"oauth_start"},
    "completion": {"oauth_callback"},
    "session": {"connect_sessions"},
    "api_key": {"api_keys"},
}
"""Whose answer a secret is; all others are nobody's."""


@dataclass
class Watched:
    """The functions, with all that they answer kept, and each secret by its kind."""

    functions: Functions
    provider: FakeTokenEndpoint
    answered: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    secrets: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def keep(self, kind: str, secret: str) -> str:
        self.secrets.setdefault(kind, set()).add(secret)
        return secret

    def began(self) -> tuple[str, str]:
        state, cookie = began(self.functions)
        self.keep("state", state)
        self.keep("cookie", cookie.partition("=")[2])
        return state, cookie

    def completion(self) -> str:
        return self.keep("completion", completion_of(called_back(self.functions, *self.began())))

    def connected(self) -> str:
        return completed(self.functions, self.completion()).body["credentialId"]

    def call(self, *asked: Any, **more: Any) -> Answer:
        return self.functions.call(*asked, **more)


@pytest.fixture
def watched(functions: Functions, provider: FakeTokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> Watched:
    provider.prefix = "-token-canary-"
    found = Watched(functions, provider)
    invoke = functions.invoke

    def noted(name: str, event: object, *more: Any) -> Any:
        answer = invoke(name, event, *more)
        found.answered.append((name, json.dumps(answer)))
        return answer

    monkeypatch.setattr(functions, "invoke", noted)
    for kind, secret in (("code", CODE), ("client_secret", CLIENT_SECRET), ("static", STATIC)):
        found.keep(kind, secret)
    return found


@pytest.fixture
def log(watched: Watched) -> Iterator[io.StringIO]:
    """What the functions print."""
    printed = io.StringIO()
    handler: Any = logger().registered_handler
    before = handler.setStream(printed)
    yield printed
    handler.setStream(before)


def static(watched: Watched, **data: str) -> Answer:
    credential = {"type": "klaviyo", "data": {"apiKey": STATIC, **data}}
    return watched.call("create_credential", "POST", "/credentials", {"userId": "ada", "credential": credential})


def lives_and_is_deleted(watched: Watched) -> None:
    path = f"/credentials/{watched.connected()}"
    for sent in ({}, {"force": True}):
        watched.call("fresh_token", "POST", f"{path}/token", sent)
    watched.call("get_credential", "GET", path)
    watched.call("verify_credential", "POST", f"{path}/verify")
    watched.call("delete_credential", "DELETE", path)
    watched.call("audit", "GET", "/audit")
    watched.call("events", "GET", "/events")


def a_key_lives_and_is_deleted(watched: Watched) -> None:
    path = f"/credentials/{static(watched).body['credentialId']}"
    watched.call("fresh_token", "POST", f"{path}/token", {})
    watched.call("patch_credential", "PATCH", path, {"data": {"apiKey": watched.keep("static", "pk-canary-later")}})
    watched.call("list_credentials", "GET", "/users/ada/credentials")
    watched.call("delete_credential", "DELETE", path)


def kept_answers(watched: Watched) -> None:
    chosen = {"idempotency-key": "k"}
    body = {"name": "k", "scopes": ["audit"]}
    for _ in range(2):
        watched.keep("api_key", watched.call("api_keys", "POST", "/api-keys", body, headers=chosen).body["key"])
    session = {"userId": "ada", "returnUrl": RETURN_URL}
    watched.keep("session", watched.call("connect_sessions", "POST", "/connect/sessions", session).body["token"])


def a_client_is_shown(watched: Watched) -> None:
    client = {"clientId": "id", "clientSecret": watched.keep("client_secret", "other-secret-canary")}
    watched.call("app_client", "PUT", "/apps/acme/client", client)
    watched.call("app_client", "GET", "/apps/acme/client")


def renewals_fail(watched: Watched) -> None:
    path = f"/credentials/{watched.connected()}"
    for trouble in TROUBLES:
        watched.provider.trouble = trouble
        watched.call("fresh_token", "POST", f"{path}/token", {"force": True})
        watched.call("get_credential", "GET", path)
    watched.call("delete_credential", "DELETE", path)


def exchanges_fail(watched: Watched) -> None:
    for trouble in TROUBLES:
        watched.provider.trouble = trouble
        completed(watched.functions, watched.completion())


def browsers_are_refused(watched: Watched) -> None:
    state, cookie = watched.began()
    called_back(watched.functions, state, "evergrant-x=other")
    called_back(watched.functions, state, cookie)
    called_back(watched.functions, watched.keep("state", "s-canary" * 5), cookie)
    called_back(watched.functions, *watched.began(), error=CODE, error_description=CODE)
    completion = watched.completion()
    for _ in range(2):
        watched.call("connect_complete", "POST", "/connect/complete", {"completion": completion, "userId": "nobody"})
    verifier = {"completion": watched.completion(), "userId": "ada", "codeVerifier": "v-canary" * 6}
    watched.keep("verifier", verifier["codeVerifier"])
    watched.call("connect_complete", "POST", "/connect/complete", verifier)


def bodies_are_refused(watched: Watched) -> None:
    static(watched, surprise=STATIC)
    static(watched, apiKey=f"{STATIC}\r\n")
    watched.call("create_credential", "POST", "/credentials", raw=f'{{"credential": "{STATIC}"')
    watched.call("create_credential", "POST", "/credentials", {"userId": "ada", "credential": STATIC})
    watched.call("app_client", "PUT", "/apps/acme/client", {"clientId": 7, "clientSecret": CLIENT_SECRET})
    watched.call("app_client", "PUT", "/apps/nobody/client", {"clientId": "i", "clientSecret": CLIENT_SECRET})


def functions_break(watched: Watched) -> None:
    path = f"/credentials/{watched.connected()}"

    class Broken:
        def open(self, *_: object) -> object:
            raise ValueError(STATIC, CLIENT_SECRET)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "sealer", Broken)
        assert watched.call("fresh_token", "POST", f"{path}/token", {}).status == 500


TROUBLES = (
    ProviderTimeoutError("late"),
    ProviderError("bad", provider_status=500),
    ClientRefusedError("invalid_client"),
    GrantRefusedError("invalid_grant", provider_status=400),
)
SCENARIOS: list[Callable[[Watched], None]] = [
    lives_and_is_deleted,
    a_key_lives_and_is_deleted,
    kept_answers,
    a_client_is_shown,
    renewals_fail,
    exchanges_fail,
    browsers_are_refused,
    bodies_are_refused,
    functions_break,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_attack_33_no_secret_is_left_anywhere_in_any_clothes(
    watched: Watched, log: io.StringIO, scenario: Callable[[Watched], None]
) -> None:
    scenario(watched)

    for kind, shown in watched.provider.shown.items():
        watched.secrets.setdefault(kind, set()).update(shown)
    left = {"tables": list(rows()), "queues": list(messages()), "logs": [log.getvalue().encode()]}
    assert len(left["tables"]) > 5
    assert "request_answered" in log.getvalue()
    for kind, secrets in watched.secrets.items():
        replies = [text.encode() for name, text in watched.answered if name not in MAY_SHOW.get(kind, set())]
        for where, contents in {**left, "replies": replies}.items():
            assert [each for each in secrets if any(worn(each, content) for content in contents)] == [], (kind, where)


@pytest.mark.parametrize(
    "content",
    [
        STATIC.encode(),
        STATIC.encode().hex().encode(),
        gzip.compress(STATIC.encode(), mtime=0),
        *(base64.b64encode(b"x" * shift + STATIC.encode() + b"?") for shift in range(3)),
        *(base64.urlsafe_b64encode(b"x" * shift + STATIC.encode() + b"?") for shift in range(3)),
    ],
)
def test_attack_33_a_secret_is_known_in_its_clothes(content: bytes) -> None:
    assert worn(STATIC, content)


def worn(secret: str, content: bytes) -> bool:
    plain = secret.encode()
    forms = {plain, quote(secret, safe="").encode(), plain.hex().encode(), plain.hex().upper().encode()}
    for shift in range(3):
        # Only what the secret alone decides: the characters at both ends hold its neighbours' bits too.
        coded = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]
        forms |= {coded, coded.translate(bytes.maketrans(b"+/", b"-_"))}
    return any(form in content for form in forms) or any(worn(secret, each) for each in unpacked(content))


def unpacked(content: bytes) -> Iterator[bytes]:
    if content[:2] in {b"\x1f\x8b", b"\x78\x9c"}:
        yield zlib.decompress(content, wbits=47)


def rows() -> Iterator[bytes]:
    client = boto3.client("dynamodb")
    for name in client.list_tables()["TableNames"]:
        for item in client.scan(TableName=name)["Items"]:
            yield from (value if isinstance(value, bytes) else str(value).encode() for value in values(item))


def values(item: object) -> Iterator[object]:
    if isinstance(item, dict):
        for name, each in item.items():  # pyright: ignore[reportUnknownVariableType]  # JSON's own shape
            yield name
            yield from values(each)  # pyright: ignore[reportUnknownArgumentType]  # the same
    elif isinstance(item, list):
        for each in item:  # pyright: ignore[reportUnknownVariableType]  # the same
            yield from values(each)  # pyright: ignore[reportUnknownArgumentType]  # the same
    else:
        yield item


def messages() -> Iterator[bytes]:
    client = boto3.client("sqs")
    for url in client.list_queues()["QueueUrls"]:
        while found := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            yield from (each.get("Body", "").encode() for each in found)
