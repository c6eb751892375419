"""How a provider of one way behaves: what it insists on, and what it answers, as the app's entry documents it."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, quote_plus, unquote, urlencode, urlsplit

import jwt
from evergrant.domain.app import (
    Assertion,
    AuthMethod,
    AwsSigV4Method,
    Call,
    ClientCredentialsMethod,
    Exchange,
    JwtBearerMethod,
    OAuth1Method,
    OAuth2Method,
    Probe,
    StaticMethod,
    TokenAnswer,
    TokenWay,
    TwoStepMethod,
)
from evergrant.domain.rendering import render, render_all, render_params, render_text, render_url, with_derived

from tests.conformance.keys import verification_key
from tests.conformance.signatures import aws_signature_is_right, oauth1_signature_is_right, own_signature_is_right
from tests.functions.loopback import Asked, Told

CLIENT_ID, CLIENT_SECRET = "a-client-id", "a-client-secret"
CALLBACK = "https://evergrant.example/oauth/callback/ws_1/app"


class RefusedError(AssertionError):
    """The request is not what the provider documents."""


def insist(condition: object, why: str) -> None:
    """Raises: RefusedError."""
    if not condition:
        raise RefusedError(why)


@dataclass
class Played:
    """One provider; `values` are those of the merchant and of the owner's client."""

    way: AuthMethod
    values: dict[str, str]
    client_key: str = ""
    """The owner's private key, for `private_key_jwt` and RSA-SHA1."""
    callback: str = CALLBACK
    codes: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """Each code, and the challenge it was asked for with."""
    access: set[str] = field(default_factory=set[str])
    refresh: set[str] = field(default_factory=set[str])
    request_tokens: dict[str, str] = field(default_factory=dict[str, str])
    callback_with_state: str = ""
    revoked: int = 0
    dead: bool = False
    trouble: list[str] = field(default_factory=list[str])
    """What was not as the provider documents it."""

    def answer(self, asked: Asked) -> Told:
        """To whatever is asked at one of the way's addresses."""
        try:
            for address, play in self._addresses(asked):
                if self._is(address, asked):
                    return play(asked)
        except Exception as error:  # noqa: BLE001  # told by the test
            self.trouble.append(f"{type(error).__name__}: {error}")
            return Told(400, {"error": "refused_by_the_provider"})
        self.trouble.append(f"nothing at {asked.path}")
        return Told(404, {"error": "no_such_address", "path": asked.path})

    def _addresses(self, asked: Asked) -> Iterator[tuple[str, Callable[[Asked], Told]]]:
        """Where the way is asked, and what answers there; the first that fits."""
        way, exchange = self.way, exchange_of(self.way)
        if isinstance(way, OAuth2Method):
            yield from self._addresses_of_oauth2(way, asked)
        if isinstance(way, OAuth1Method):
            yield way.temporary_credential_endpoint or "", self._temporary
            yield way.token_endpoint or "", self._token_pair
            yield way.authorization_endpoint or "", self._authorize_oauth1
        # GraphQL has one address for all: there only the body tells what is asked.
        probes = bool(way.probe and way.probe.body and asked.body == way.probe.body.encode())
        if way.revocation and not probes:
            yield self._of(way.revocation), self._own_revocation
        brings_code = any(code in f"{asked.path} {asked.body.decode('utf-8', 'replace')}" for code in self.codes)
        if exchange and not brings_code:
            yield self._of(exchange), partial(self._exchanged, exchange)
        if way.probe:
            yield self._of(way.probe), self._probed
        if isinstance(way, OAuth2Method | ClientCredentialsMethod | JwtBearerMethod):
            yield way.token_endpoint or "", self._token

    def _addresses_of_oauth2(self, way: OAuth2Method, asked: Asked) -> Iterator[tuple[str, Callable[[Asked], Told]]]:
        # Some providers have one address for the page and the tokens.
        if "state=" in asked.path:
            yield way.authorization_endpoint, self._authorize
        if way.confirmation:
            yield self._of(way.confirmation), self._confirmed
        if way.revocation_endpoint:
            yield f"{way.revocation_request_method} {way.revocation_endpoint}", self._rfc7009
        if way.introspection_endpoint:
            yield way.introspection_endpoint, self._introspection
        if way.refresh_endpoint:
            yield way.refresh_endpoint, self._token

    def _of(self, call: Call | Probe) -> str:
        return f"{call.method} {call.url or f'{self.way.request.base_url}{call.path}'}"

    def _is(self, place: str, asked: Asked) -> bool:
        method, _, address = place.rpartition(" ")
        if method and method != asked.method:
            return False
        known = {
            **self.values,
            "accessToken": next(iter(self.access), "none"),
            "refreshToken": next(iter(self.refresh), "none"),
        }
        try:
            there = urlsplit(render_url(address, known))
        except Exception:  # noqa: BLE001  # an address whose values nobody knows yet
            return False
        here = urlsplit(asked.path)
        wanted = dict(parse_qsl(there.query))
        return there.path == here.path and wanted.items() <= dict(parse_qsl(here.query)).items()

    # ------------------------------------------------------------- OAuth 2
    def _authorize(self, asked: Asked) -> Told:
        way = self.way
        assert isinstance(way, OAuth2Method)
        sent = dict(parse_qsl(urlsplit(asked.path).query))
        names = way.authorization_request_names
        client_name, redirect_name = names.get("client_id", "client_id"), names.get("redirect_uri", "redirect_uri")
        insist(not client_name or sent.get(client_name) == CLIENT_ID, "the client is named")
        insist(
            not redirect_name or sent.get(redirect_name) == self._callback(), "the redirect URI is the registered one"
        )
        insist(sent.get("state"), "there is a state")
        if "S256" in way.code_challenge_methods_supported:
            insist(sent.get("code_challenge_method") == "S256", "the challenge is S256")
            insist(len(sent.get("code_challenge", "")) == 43, "the challenge is a hash")
        for name, template in way.authorization_parameters.items():
            insist(sent.get(name) == render(template, self.values), f"the parameter {name} is there")
        code = secrets.token_urlsafe(12)
        self.codes[code] = sent.get("code_challenge")
        back = {way.code_parameter: code, "state": sent["state"]}
        back |= {each.path: each.example for each in way.kept if each.source == "redirect"}
        if way.issuer:
            back["iss"] = way.issuer
        return Told(302, b"", {"Location": f"{self.callback}?{urlencode(back)}"})

    def _callback(self) -> str:
        name = self.way.redirect_uri_name if isinstance(self.way, OAuth2Method) else None
        return render(name, self.values) if name else self.callback

    def _token(self, asked: Asked) -> Told:
        way = self.way
        assert isinstance(way, TokenWay)
        sent = self._members(way, asked)
        insist(asked.method == way.token_request_method, "the method of a token request")
        for name, template in way.token_headers.items():
            insist(asked.headers.get(name.lower()) == render(template, self.values), f"the header {name}")
        self._knows_client(way, asked, sent)
        grant = sent.get("grant_type")
        if isinstance(way, ClientCredentialsMethod):
            insist(grant == way.grant_type or "grant_type" in way.token_parameters, "the grant type")
        elif isinstance(way, JwtBearerMethod):
            insist(grant == way.grant_type or "grant_type" in way.token_parameters, "the grant type")
            self._verified(way.assertion, sent.get("assertion", ""))
        elif "refresh_token" in sent:
            insist(sent["refresh_token"] in self.refresh, "the refresh token is one of ours")
        else:
            code = sent.get("code", "")
            insist(code in self.codes, "the code is one of ours")
            challenge = self.codes.pop(code)
            verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
            computed = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
            insist(
                challenge is None or way.token_request_names.get("code_verifier") == "" or computed == challenge,
                "the verifier fits",
            )
        return self._granted(way.token_answer, way, refreshes=isinstance(way, OAuth2Method) and way.refresh != "none")

    def _introspection(self, asked: Asked) -> Told:
        way = self.way
        assert isinstance(way, OAuth2Method)
        sent = self._members(way, asked)
        self._knows_client(way, asked, sent)
        insist(sent.get("token_type_hint") == "access_token", "the kind of token is named")
        return Told(200, {"active": sent.get("token") in self.access, "exp": 1_893_456_000})

    def _members(self, way: TokenWay, asked: Asked) -> dict[str, str]:
        """What was sent, under the standard's names."""
        query = dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True))
        if way.token_request_format == "query" or way.token_request_method == "GET":
            sent = query
        elif way.token_request_format == "json":
            insist(asked.headers.get("content-type", "").startswith("application/json"), "the body is JSON")
            sent = {name: str(value) for name, value in json.loads(asked.body).items()}
        else:
            insist(asked.headers.get("content-type") == "application/x-www-form-urlencoded", "the body is a form")
            sent = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        standard = {theirs: ours for ours, theirs in way.token_request_names.items() if theirs}
        for name in way.token_request_names.values():
            insist(not name or name in sent or name not in _needed(way), f"a member {name}")
        return {standard.get(name, name): value for name, value in sent.items()}

    def _knows_client(self, way: TokenWay, asked: Asked, sent: Mapping[str, str]) -> None:
        own = isinstance(way, OAuth2Method)
        client_id = CLIENT_ID if own else self.values.get("clientId", "")
        secret = CLIENT_SECRET if own else self.values.get("clientSecret", "")
        renewing = isinstance(way, OAuth2Method) and "refresh_token" in sent and way.refresh_auth_method
        method, left_out = renewing or way.token_endpoint_auth_method, way.token_request_names
        if method == "client_secret_basic":
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
            told = asked.headers.get("authorization")
            insist(told == f"Basic {base64.b64encode(pair).decode()}", "HTTP Basic with the client")
        elif method == "client_secret_post":
            insist(left_out.get("client_id") == "" or sent.get("client_id") == client_id, "the client's id")
            insist(left_out.get("client_secret") == "" or sent.get("client_secret") == secret, "the client's secret")
        elif method == "private_key_jwt":
            algorithm = way.token_endpoint_auth_signing_alg if isinstance(way, OAuth2Method) else "RS256"
            key = verification_key(self.client_key)
            options: Any = {"verify_aud": False}
            claims = jwt.decode(sent.get("client_assertion", ""), key, algorithms=[algorithm], options=options)
            insist(claims["iss"] == claims["sub"] == client_id, "the assertion is the client's")
            insist(isinstance(claims["aud"], str), "attack 24: the audience is one server")

    def _verified(self, assertion: Assertion, token: str) -> None:
        key = self.values[assertion.key]
        if assertion.algorithm == "HS256":
            raw = {"hex": bytes.fromhex, "base64": base64.b64decode, "text": str.encode}[assertion.key_encoding](key)  # type: ignore[operator]  # by name
            verifier: Any = raw
        else:
            verifier = verification_key(key)
        options: Any = {"verify_aud": False}
        claims = jwt.decode(token, verifier, algorithms=[assertion.algorithm], options=options)
        for name, template in assertion.claims.items():
            insist(str(claims.get(name)) == render_text(template, self.values), f"the claim {name}")
        insist(claims["exp"] - claims["iat"] == assertion.lifetime_seconds, "the assertion's life")
        if assertion.key_id:
            insist(jwt.get_unverified_header(token)["kid"] == render(assertion.key_id, self.values), "the key's id")

    def _granted(self, answer: TokenAnswer, way: AuthMethod, *, refreshes: bool) -> Told:
        access = f"at{secrets.token_hex(8)}"
        self.access.add(access)
        if answer.format == "text":
            return Told(200, access.encode(), {"Content-Type": "text/plain"})
        content: dict[str, Any] = {}
        put(content, answer.access_token, access)
        default = getattr(way, "default_expires_in", None)
        if default is None and answer.expires_at == "expires_at":
            put(
                content,
                answer.expires_in,
                {"seconds": 3600, "milliseconds": 3_600_000, "minutes": 60}[answer.expires_in_unit],
            )
        elif default is None:
            put(content, answer.expires_at, "2030-01-01T00:00:00Z")
        if refreshes and answer.refresh_token != answer.access_token:
            token = f"rt{secrets.token_hex(8)}"
            self.refresh.add(token)
            put(content, answer.refresh_token, token)
        elif refreshes:
            self.refresh.add(access)
        if isinstance(way, TokenWay):
            put(content, "token_type", way.token_types[0])
        for each in way.brought():
            if each.source == "token":
                put(content, each.path, each.example)
        if answer.format == "form":
            return Told(200, urlencode(content).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        return Told(200, content)

    def _rfc7009(self, asked: Asked) -> Told:
        way = self.way
        assert isinstance(way, OAuth2Method)
        sent = self._members(way, asked)
        self._knows_client(way, asked, sent)
        insist(sent.get("token") in self.access | self.refresh, "the token is one of ours")
        return self._gone()

    def _own_revocation(self, asked: Asked) -> Told:
        call = self.way.revocation
        assert call
        insist(asked.method == call.method, "the method of the revocation")
        owners = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET} if isinstance(self.way, OAuth2Method) else {}
        known = [
            {**owners, **self.values, "accessToken": access, "refreshToken": refresh}
            for access in self.access or {""}
            for refresh in self.refresh or {""}
        ]
        own = {"headers": call.headers, "basic": call.basic or self.way.request.basic}
        known = [with_derived(self.way.request.model_copy(update=own), each) for each in known]
        for name, template in call.headers.items():
            wanted = [render_text(template, each) for each in known]
            insist(asked.headers.get(name.lower()) in wanted, f"the header {name}")
        query = dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True))
        for name in render_params(call, known[0]):
            insist(query.get(name) in [render_params(call, each)[name] for each in known], f"the parameter {name}")
        body = asked.body.decode()
        for name, template in call.body.items():
            leaf = name.rsplit(".", 1)[-1]
            wanted = [render_text(template, each) for each in known]
            insist(
                any(each in body or quote_plus(each) in body for each in wanted) and leaf in body, f"the member {name}"
            )
        return self._gone()

    def _gone(self) -> Told:
        self.revoked += 1
        self.access.clear()
        self.refresh.clear()
        self.dead = True
        return Told(200, {})

    # ------------------------------------------------------------- exchanges
    def _exchanged(self, exchange: Exchange, asked: Asked) -> Told:
        insist(asked.method == exchange.method, "the exchange's method")
        owners = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET} if isinstance(self.way, OAuth2Method) else {}
        values = {**self.values, **owners, "accessToken": self._newest(asked)}
        if exchange.assertion:
            token = asked.headers.get("authorization", "").partition(" ")[2] or asked.body.decode()
            found = next(
                (
                    part
                    for part in token.replace('"', " ").replace("&", " ").replace("=", " ").split()
                    if part.count(".") == 2
                ),
                "",
            )
            self._verified(exchange.assertion, found)
            values["assertion"] = found
        own = {"headers": exchange.headers, "basic": exchange.basic or self.way.request.basic}
        values = with_derived(self.way.request.model_copy(update=own), values)
        for name, wanted in render_all(exchange.headers, values).items():
            insist(asked.headers.get(name.lower()) == wanted, f"the header {name}")
        query = dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True))
        for name, wanted in render_params(exchange, values).items():
            insist(query.get(name) == wanted, f"the parameter {name}")
        sent = _body(exchange.body_format, asked) if exchange.method != "GET" else query
        for name, template in exchange.body.items():
            insist(found_at(sent, name) == render_text(template, values), f"the member {name}")
        return self._granted(exchange.answer, self.way, refreshes=False)

    def _newest(self, asked: Asked) -> str:
        text = f"{asked.path} {asked.headers} {asked.body.decode('utf-8', 'replace')}"
        return next((each for each in self.access if each in text), "none")

    # ------------------------------------------------------------- the API
    def _confirmed(self, asked: Asked) -> Told:
        insist(any(each in str(asked.headers) for each in self.access), "the merchant's token asks")
        probe = self.way.confirmation if isinstance(self.way, OAuth2Method) else None
        assert probe
        return Told(probe.alive[0], {})

    def _probed(self, asked: Asked) -> Told:
        probe = self.way.probe
        assert probe
        insist(asked.method == probe.method, "the probe's method")
        if not self._is_authentic(probe, asked):
            return Told(probe.dead[0] if probe.dead else 401, {})
        content: dict[str, Any] = {}
        if probe.account_id:
            put(content, probe.account_id, "account-7")
        if probe.account_name:
            put(content, probe.account_name, "Ada's")
        for each in self.way.brought():
            if each.source == "probe":
                put(content, each.path, each.example)
        return Told(probe.alive[0], content)

    def _is_authentic(self, probe: Probe, asked: Asked) -> bool:
        """Whether the request carries what the entry says: any token of ours, or the merchant's own values."""
        if self.dead:
            return False
        way = self.way
        if isinstance(way, OAuth1Method):
            return oauth1_signature_is_right(way, self.values, asked)
        if isinstance(way, AwsSigV4Method):
            return aws_signature_is_right(way, self.values, asked)
        if isinstance(way, StaticMethod) and way.signature:
            return own_signature_is_right(way.signature, self.values, asked)
        self_signed = isinstance(way, JwtBearerMethod) and way.token_endpoint is None
        return any(
            self._carries(probe, asked, access) for access in ({"self-signed"} if self_signed else self.access or {""})
        )

    def _carries(self, probe: Probe, asked: Asked, access: str) -> bool:
        way = self.way
        templates = way.request.headers if probe.headers is None else probe.headers
        if access == "self-signed":
            assert isinstance(way, JwtBearerMethod)
            access = next((part for part in _words(asked) if part.count(".") == 2), "")
            self._verified(way.assertion, access)
        known = {"clientId": CLIENT_ID, **self.values}
        values = with_derived(way.request, {**known, "accessToken": access} if access else known)
        query = {name: found[0] for name, found in parse_qs(urlsplit(asked.path).query).items()}
        headers = all(asked.headers.get(name.lower()) == each for name, each in render_all(templates, values).items())
        params = all(query.get(name) == each for name, each in render_params(way.request, values).items())
        return headers and params

    # ------------------------------------------------------------- OAuth 1.0a
    def _temporary(self, asked: Asked) -> Told:
        insist(self._signed(asked, {}), "the request is signed")
        named = re.search('oauth_callback="([^"]*)"', asked.headers["authorization"])
        insist(named, "the callback is named")
        self.callback_with_state = unquote(named.group(1)) if named else ""
        token = secrets.token_hex(8)
        self.request_tokens[token] = secrets.token_hex(8)
        answer = {
            "oauth_token": token,
            "oauth_token_secret": self.request_tokens[token],
            "oauth_callback_confirmed": "true",
        }
        return Told(200, urlencode(answer).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def _authorize_oauth1(self, asked: Asked) -> Told:
        sent = dict(parse_qsl(urlsplit(asked.path).query))
        insist(sent.get("oauth_token") in self.request_tokens, "the request token is one of ours")
        back = {"oauth_token": sent["oauth_token"], "oauth_verifier": "a-verifier"}
        back |= {each.path: each.example for each in self.way.brought() if each.source == "redirect"}
        insist(self.callback_with_state.startswith(f"{self.callback}?state="), "the callback is the registered one")
        return Told(302, b"", {"Location": f"{self.callback_with_state}&{urlencode(back)}"})

    def _token_pair(self, asked: Asked) -> Told:
        token, secret = next(iter(self.request_tokens.items()))
        insist(self._signed(asked, {"tokenId": token, "tokenSecret": secret}), "the request is signed with the pair")
        insist("oauth_verifier" in asked.headers["authorization"], "the verifier is there")
        owners = {"consumerKey": CLIENT_ID, "consumerSecret": self.client_key or CLIENT_SECRET}
        self.values |= {**owners, "tokenId": "a-token", "tokenSecret": "a-token-secret"}
        kept = {each.path: each.example for each in self.way.brought() if each.source == "token"}
        answer = {"oauth_token": "a-token", "oauth_token_secret": "a-token-secret", **kept}
        return Told(200, urlencode(answer).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def _signed(self, asked: Asked, pair: dict[str, str]) -> bool:
        assert isinstance(self.way, OAuth1Method)
        owners = {**self.values, "consumerKey": CLIENT_ID, "consumerSecret": self.client_key or CLIENT_SECRET}
        return oauth1_signature_is_right(self.way, {**owners, "tokenId": "", "tokenSecret": "", **pair}, asked)


def exchange_of(way: AuthMethod) -> Exchange | None:
    """The call that trades, where there is one."""
    if isinstance(way, TwoStepMethod):
        return way.exchange
    return way.exchange if isinstance(way, OAuth2Method) else None


def put(content: dict[str, Any], path: str, value: object) -> None:
    """At a dotted path; a number is a place in a list, of which only the first are made."""
    *parents, leaf = path.split(".")
    inner: Any = content
    for part, after in zip(parents, [*parents[1:], leaf], strict=False):
        inner = _inside(inner, part, [] if after.isdecimal() else {})
    _inside(inner, leaf, value, replace=True)


def _inside(container: Any, part: str, value: Any, *, replace: bool = False) -> Any:
    if isinstance(container, list):
        held = cast("list[Any]", container)
        held += [None] * (int(part) + 1 - len(held))
        if replace or held[int(part)] is None:
            held[int(part)] = value
        return held[int(part)]
    named = cast("dict[str, Any]", container)
    if replace:
        named[part] = value
    return named.setdefault(part, value)


def found_at(content: Any, path: str) -> object:
    """As `put` put it; in a form, names have no structure."""
    named = cast("dict[str, Any]", content)
    if path in named:
        return named[path]
    inner: Any = named
    for part in path.split("."):
        inner = cast("dict[str, Any]", inner).get(part) if isinstance(inner, dict) else None
    return inner


def _body(kind: str, asked: Asked) -> Any:
    if not asked.body:
        return {}
    if kind == "json":
        insist(asked.headers.get("content-type") == "application/json", "the body is JSON")
        return json.loads(asked.body)
    return dict(parse_qsl(asked.body.decode(), keep_blank_values=True))


def _words(asked: Asked) -> list[str]:
    own = ("host", "user-agent", "accept")
    return [part for name, value in asked.headers.items() if name not in own for part in value.split()]


def _needed(way: TokenWay) -> set[str]:
    """The provider's names of what every token request has."""
    by_post = way.token_endpoint_auth_method == "client_secret_post"
    return {way.token_request_names.get("client_id", "client_id")} if by_post else set()
