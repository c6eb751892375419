"""Every way to authenticate, end to end: connected, sealed, handed out, taken by the provider, renewed, revoked."""

import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from evergrant.domain.app import App, AuthMethod, OAuth1Method, OAuth2Method

from tests.conformance.keys import private_key
from tests.conformance.playing import CLIENT_ID, CLIENT_SECRET, Played
from tests.conformance.rewriting import on_loopback
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.loopback import Asked, Loopback, Told, provider
from tests.functions.test_proxy import called

RETURN_URL = "https://shop.example/return"
HOST = "https://api.acme.example"
BEARER = {"base_url": f"{HOST}/v1", "headers": {"Authorization": "Bearer {accessToken}"}}
PROBE = {"path": "/me", "account_id": "account.id"}
SHOP = {"name": "shop", "label": "Shop", "secret": False, "pattern": "^[a-z-]{1,40}$", "placeholder": "ada-shop"}
KEY = {"name": "apiKey", "label": "Key", "placeholder": "a-key"}
CLIENT = [
    {"name": "clientId", "label": "Id", "placeholder": "ci"},
    {"name": "clientSecret", "label": "Secret", "placeholder": "cs"},
]
PEM = {"name": "privateKey", "label": "Key", "multiline": True}
CODE: dict[str, Any] = {
    "kind": "oauth2",
    "authorization_endpoint": f"{HOST}/authorize",
    "token_endpoint": f"{HOST}/token",
    "revocation_endpoint": f"{HOST}/revoke",
    "refresh": "rotate_strict",
    "scopes": ["read", "write"],
    "request": BEARER,
    "probe": PROBE,
}
PAIR = [
    {"name": name, "label": name, "placeholder": f"a-{name}"}
    for name in ("consumerKey", "consumerSecret", "tokenId", "tokenSecret")
]
LEGS = {
    "kind": "oauth1",
    "temporary_credential_endpoint": f"{HOST}/request_token",
    "authorization_endpoint": f"{HOST}/authorize",
    "token_endpoint": f"{HOST}/access_token",
    "request": {"base_url": f"{HOST}/v1"},
    "probe": PROBE,
}
AWS = [
    {"name": "accessKeyId", "label": "Id", "placeholder": "AKIDEXAMPLE"},
    {"name": "secretAccessKey", "label": "Key", "placeholder": "sk"},
]

WAYS: dict[str, dict[str, Any]] = {
    "code_with_basic": CODE,
    "public_client_in_json": {**CODE, "token_endpoint_auth_method": "none", "token_request_format": "json"},
    "private_key_jwt": {
        **CODE,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
    },
    "renamed_and_nested": {
        **CODE,
        "token_endpoint_auth_method": "client_secret_post",
        "token_request_names": {"client_id": "client_key", "code": "auth_code"},
        "authorization_request_names": {"client_id": "client_key"},
        "code_parameter": "auth_code",
        "scope_separator": ",",
        "token_answer": {
            "access_token": "data.token",
            "refresh_token": "data.refresh",
            "expires_in": "data.life",
            "expires_in_unit": "milliseconds",
        },
    },
    "tokens_by_query": {
        **CODE,
        "token_endpoint_auth_method": "client_secret_post",
        "token_request_method": "GET",
        "token_request_format": "query",
        "scope_separator": "+",
    },
    "form_answer_without_pkce": {**CODE, "token_answer": {"format": "form"}, "code_challenge_methods_supported": []},
    "a_shop_and_kept_values": {
        **CODE,
        "properties": [SHOP],
        "token_endpoint": "https://{shop}.acme.example.com/token",
        "revocation_endpoint": "https://{shop}.acme.example.com/revoke",
        "kept": [
            {"name": "realmId", "source": "redirect", "path": "realmId", "pattern": "^[0-9]{1,20}$", "example": "913"},
            {
                "name": "userToken",
                "source": "token",
                "path": "user.token",
                "pattern": "^[a-z0-9-]{1,80}$",
                "example": "xoxp-7",
                "secret": True,
            },
            {
                "name": "instance",
                "source": "token",
                "path": "host",
                "pattern": "^https://([a-z-]{1,40})[.]acme[.]com$",
                "example": "https://eu-1.acme.com".replace("-1", "-one"),
            },
        ],
        "request": {**BEARER, "base_url": "https://{instance}.acme.com/company/{realmId}"},
    },
    "an_installation": {
        **CODE,
        "refresh": "none",
        "revocation_endpoint": None,
        "client_extra": ["privateKey"],
        "kept": [
            {
                "name": "installation",
                "source": "redirect",
                "path": "installation_id",
                "pattern": "^[0-9]{1,20}$",
                "example": "77",
            }
        ],
        "confirmation": {
            "path": "/user/installations/{installation}",
            "headers": {"Authorization": "Bearer {accessToken}"},
        },
        "exchange": {
            "path": "/installations/{installation}/tokens",
            "headers": {"Authorization": "Bearer {assertion}"},
            "assertion": {
                "key": "privateKey",
                "claims": {"iss": "{clientId}"},
                "lifetime_seconds": 540,
                "backdated_seconds": 60,
            },
            "answer": {"access_token": "token", "expires_at": "ends"},
        },
    },
    "client_credentials": {
        "kind": "client_credentials",
        "properties": CLIENT,
        "token_endpoint": f"{HOST}/token",
        "scopes": ["api"],
        "request": BEARER,
        "probe": PROBE,
    },
    "jwt_bearer": {
        "kind": "jwt_bearer",
        "properties": [{"name": "email", "label": "E-mail", "secret": False, "placeholder": "a@b.example"}, PEM],
        "token_endpoint": f"{HOST}/token",
        "assertion": {
            "key": "privateKey",
            "key_id": "{email}",
            "claims": {"iss": "{email}", "aud": "https://aud.example"},
            "jwt_id": True,
        },
        "request": BEARER,
        "probe": PROBE,
    },
    "a_self_signed_token": {
        "kind": "jwt_bearer",
        "properties": [{"name": "keyId", "label": "Id", "secret": False, "placeholder": "kid"}, KEY],
        "assertion": {
            "algorithm": "HS256",
            "key": "apiKey",
            "key_encoding": "hex",
            "key_id": "{keyId}",
            "claims": {"aud": "/admin/"},
        },
        "request": {**BEARER, "headers": {"Authorization": "Ghost {accessToken}"}},
        "probe": PROBE,
    },
    "two_step": {
        "kind": "two_step",
        "properties": [
            {"name": "username", "label": "User", "placeholder": "ada"},
            {"name": "password", "label": "Password", "placeholder": "pw"},
        ],
        "exchange": {
            "path": "/login",
            "body": {"auth.user": "{username}", "auth.password": "{password}"},
            "answer": {"access_token": "session.token"},
        },
        "revocation": {"method": "DELETE", "path": "/session"},
        "request": BEARER,
        "probe": PROBE,
    },
    "oauth1_token_based": {
        "kind": "oauth1",
        "properties": [*PAIR, {"name": "realm", "label": "Realm", "secret": False, "placeholder": "123"}],
        "realm": "{realm}",
        "request": {"base_url": f"{HOST}/v1"},
        "probe": PROBE,
    },
    "oauth1_three_legs": {**LEGS, "signature_method": "HMAC-SHA1"},
    "oauth1_three_legs_rsa": {**LEGS, "signature_method": "RSA-SHA1"},
    "signed_by_hmac": {
        "kind": "custom",
        "properties": [KEY, {"name": "secretKey", "label": "Secret", "placeholder": "shh"}],
        "signature": {
            "key": "secretKey",
            "content": "{method}\n{path}\n{bodySha256}\n{timestamp}\n{nonce}",
            "encoding": "base64",
            "headers": {"X-Signature": "v1={signature}", "X-Time": "{timestamp}", "X-Nonce": "{nonce}"},
        },
        "request": {"base_url": f"{HOST}/v1", "headers": {"X-Key": "{apiKey}"}},
        "probe": PROBE,
    },
    "signed_by_ed25519": {
        "kind": "custom",
        "properties": [
            KEY,
            {"name": "seed", "label": "Seed", "placeholder": base64.b64encode(bytes(range(32))).decode()},
        ],
        "signature": {
            "algorithm": "Ed25519",
            "key": "seed",
            "key_encoding": "base64",
            "content": "{apiKey}{timestamp}{target}{method}{body}",
            "encoding": "base64",
            "headers": {"X-Signature": "{signature}", "X-Time": "{timestamp}"},
        },
        "request": {"base_url": f"{HOST}/v1", "headers": {"X-Key": "{apiKey}"}},
        "probe": {**PROBE, "params": {"limit": "1"}},
    },
    "aws_sigv4": {
        "kind": "aws_sigv4",
        "properties": AWS,
        "service": "execute-api",
        "region": "eu-central-1",
        "request": {"base_url": f"{HOST}/v1"},
        "probe": PROBE,
    },
    "an_assumed_role": {
        "kind": "aws_sigv4",
        "assume_role": True,
        "properties": [
            {
                "name": "roleArn",
                "label": "Role",
                "secret": False,
                "placeholder": "arn:aws:iam::123456789012:role/evergrant-reader",
            }
        ],
        "service": "s3",
        "region": "eu-central-1",
        "request": {"base_url": f"{HOST}/v1"},
        "probe": PROBE,
    },
    "a_key_in_a_header": {
        "kind": "api_key",
        "properties": [KEY],
        "request": {"base_url": f"{HOST}/v1", "headers": {"Authorization": "Acme-Key {apiKey}"}},
        "probe": PROBE,
    },
    "a_key_in_the_query": {
        "kind": "api_key",
        "properties": [KEY],
        "request": {"base_url": f"{HOST}/v1", "params": {"api_key": "{apiKey}"}},
        "probe": PROBE,
    },
    "a_key_as_the_user": {
        "kind": "basic",
        "properties": [KEY],
        "request": {"base_url": f"{HOST}/v1", "headers": {"Authorization": "Basic {basic}"}, "basic": ["{apiKey}", ""]},
        "probe": PROBE,
    },
    "a_bearer_token": {
        "kind": "bearer",
        "properties": [{**KEY, "name": "accessToken"}],
        "request": BEARER,
        "probe": PROBE,
    },
}


class Connected:
    """One credential of one way, through the deployment's own functions."""

    def __init__(self, functions: Functions, server: Loopback, way: dict[str, Any]) -> None:
        self.functions, self.server = functions, server
        original = App.model_validate({"slug": "acme", "name": "Acme", "docs_url": f"{HOST}/docs", "methods": [way]})
        self.way = on_loopback(original, original.methods[0], server.url)
        entry = {
            "slug": "acme",
            "name": "Acme",
            "docs_url": f"{HOST}/docs",
            "methods": [self.way.model_dump(mode="json")],
        }
        put = functions.call("apps", "PUT", "/apps/acme", entry)
        assert put.status == 200, put.body
        functions.call("workspace", "PUT", "/workspace", {"name": "Shop", "returnUrls": [RETURN_URL]})
        user = functions.call("users", "POST", "/users", {"username": "ada"}).body["userId"]
        self.values = {each.name: _typed(self.way, each.name, each.placeholder) for each in self.way.properties}
        self.client_secret = _client_secret(self.way)
        callback = f"https://evergrant.example/oauth/callback/{functions.workspace_id}/acme"
        kept = {each.name: "eu-one" if each.name == "instance" else each.example for each in self.way.brought()}
        extra = {"privateKey": private_key("RS256")} if "privateKey" in getattr(self.way, "client_extra", ()) else {}
        known = {"clientId": CLIENT_ID, "externalId": user, **extra, **kept, **self.values}
        self.played = Played(self.way, known, self.client_secret, callback)
        server.answer = self.played.answer
        self.credential_id = self._redirected(extra) if _is_redirect(self.way) else self._typed_in()

    def _typed_in(self) -> str:
        body = {"userId": "ada", "credential": {"type": "acme", "data": self.values}}
        made = self.functions.call("create_credential", "POST", "/credentials", body)
        assert made.status == 201, (made.body, self.played.trouble)
        return made.body["credentialId"]

    def _redirected(self, extra: dict[str, str]) -> str:
        client = {"clientId": CLIENT_ID, "extra": extra}
        client |= {"clientSecret": self.client_secret} if self.client_secret else {}
        put = self.functions.call("app_client", "PUT", "/apps/acme/client", client)
        assert put.status == 200, put.body
        plain = {each.name: self.values[each.name] for each in self.way.properties}
        query = {"userId": "ada", "app": "acme", "returnUrl": RETURN_URL, **plain}
        link: str = self.functions.call("oauth_url", "GET", "/oauthUrl", query=query).body["oauthUrl"]
        started = self.functions.call("oauth_start", "GET", urlsplit(link).path, authorizer={})
        assert started.status == 302, (started.body, self.played.trouble)
        page = requests.get(started.headers["location"], allow_redirects=False, timeout=10)
        assert page.status_code == 302, self.played.trouble
        back = urlsplit(str(page.headers["location"]))
        returned = self.functions.call(
            "oauth_callback",
            "GET",
            back.path,
            query=dict(parse_qsl(back.query)),
            headers={"cookie": started.headers["set-cookie"].partition(";")[0]},
            authorizer={},
        )
        completion = dict(parse_qsl(urlsplit(returned.headers["location"]).query))["completion"]
        done = self.functions.call(
            "connect_complete", "POST", "/connect/complete", {"completion": completion, "userId": "ada"}
        )
        assert done.status == 201, (done.body, self.played.trouble)
        return done.body["credentialId"]

    def token(self, **wanted: Any) -> Any:
        answer = self.functions.call("fresh_token", "POST", f"/credentials/{self.credential_id}/token", wanted)
        assert answer.status == 200, (answer.body, self.played.trouble)
        return answer.body


@contextmanager
def connection(functions: Functions, name: str, monkeypatch: pytest.MonkeyPatch) -> Generator[Connected]:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    with provider() as server:
        connected = Connected(functions, server, WAYS[name])
        if WAYS[name].get("assume_role"):
            connected.played.values |= connected.token()["secret"]
        yield connected


def _typed(way: AuthMethod, name: str, placeholder: str) -> str:
    if name == "privateKey":
        return private_key("RS256")
    assertion = getattr(way, "assertion", None)
    return "00ff" * 16 if assertion and assertion.key == name else placeholder


def _client_secret(way: AuthMethod) -> str:
    if isinstance(way, OAuth1Method) and way.signature_method == "RSA-SHA1":
        return private_key("RS256")
    if not isinstance(way, OAuth2Method) or way.token_endpoint_auth_method in (
        "client_secret_basic",
        "client_secret_post",
    ):
        return CLIENT_SECRET
    return private_key("ES256") if way.token_endpoint_auth_method == "private_key_jwt" else ""


def _is_redirect(way: AuthMethod) -> bool:
    return isinstance(way, OAuth2Method) or (isinstance(way, OAuth1Method) and way.is_redirect)


@pytest.mark.parametrize("name", WAYS)
def test_a_way_goes_its_whole_round(functions: Functions, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection(functions, name, monkeypatch) as connected:
        way, first = connected.way, connected.token()
        through = called(functions, "GET", connected.credential_id, "me")
        verified = functions.call("verify_credential", "POST", f"/credentials/{connected.credential_id}/verify")
        forced = connected.token(force=True)
        connected.played.values |= forced["secret"] if "sessionToken" in forced["secret"] else {}
        again = called(functions, "GET", connected.credential_id, "me")
        deleted = functions.call("delete_credential", "DELETE", f"/credentials/{connected.credential_id}")

    assert connected.played.trouble == []
    assert through.status == again.status == 200
    assert verified.body["verified"] is True
    assert json.loads(through.body)["account"]["id"] == "account-7"
    assert (first["headers"] == {}) is (way.signs or not way.request.headers)
    renews = way.mints or (isinstance(way, OAuth2Method) and way.refresh != "none")
    shown = first["secret"].get("accessToken")
    assert not renews or shown is None or forced["secret"]["accessToken"] != shown or name == "a_self_signed_token"
    can_be_revoked = way.revocation or getattr(way, "revocation_endpoint", None)
    assert deleted.body["revoked"] is bool(can_be_revoked)
    assert connected.played.revoked == (1 if can_be_revoked else 0)


@pytest.mark.parametrize("name", WAYS)
def test_attack_33_a_fresh_token_has_only_what_a_request_needs(
    functions: Functions, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection(functions, name, monkeypatch) as connected:
        shown = json.dumps(connected.token())

    never = {"clientSecret", "password", "privateKey", "consumerSecret", "tokenSecret", "secretKey"}
    hidden = [value for name, value in connected.values.items() if name in never]
    hidden += [connected.client_secret or "-----BEGIN", *connected.played.refresh, "a-token-secret"]
    assert not any(each in shown for each in hidden)


def test_a_second_token_is_handed_out_beside_the_first(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection(functions, "a_shop_and_kept_values", monkeypatch) as connected:
        shown = connected.token()

    assert shown["secret"]["userToken"] == "xoxp-7"
    assert shown["baseUrl"].endswith("/eu-one.acme.com/company/913")


@pytest.mark.parametrize("name", ["client_credentials", "jwt_bearer", "two_step"])
def test_values_that_the_provider_does_not_take_are_refused_and_nothing_is_stored(
    functions: Functions, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    with provider() as server, pytest.raises(AssertionError, match="does not accept these values"):
        monkeypatch.setattr(Played, "answer", refusing)
        Connected(functions, server, WAYS[name])

    listed = functions.call("list_credentials", "GET", "/users/ada/credentials")
    assert listed.body["data"] == []


def refusing(*_: object) -> Told:
    return Told(401, {"error": "invalid_client"})


def down(*_: object) -> Told:
    return Told(503, b"<html>")


def test_a_provider_that_is_down_while_a_key_is_taken_stores_nothing(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    with provider() as server, pytest.raises(AssertionError, match="provider_error"):
        monkeypatch.setattr(Played, "answer", down)
        Connected(functions, server, WAYS["two_step"])

    assert functions.call("list_credentials", "GET", "/users/ada/credentials").body["data"] == []


def test_a_pair_of_a_kind_that_is_not_known_is_kept_and_renews(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider has spent the token before it: whoever dropped the new pair had none. It plays a strict rotation."""
    with connection(functions, "code_with_basic", monkeypatch) as connected:
        played, server = connected.played.answer, connected.server
        first = connected.token()["secret"]["accessToken"]

        def of_another_kind(asked: Asked) -> Told:
            told = played(asked)
            return Told(told.status, told.content | {"token_type": "mac"}) if "token_type" in told.content else told

        server.answer = of_another_kind
        second = connected.token(force=True)["secret"]["accessToken"]
        server.answer = played
        third = connected.token(force=True)["secret"]["accessToken"]
        listed = functions.call("get_credential", "GET", f"/credentials/{connected.credential_id}")

    assert len({first, second, third}) == 3
    assert (listed.body["status"], listed.body["lastFailure"]) == ("active", None)
