"""Drives one way of an app through its provider with the product's own adapters, over real HTTP on loopback."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from evergrant.adapters.http.probing import HttpProbing
from evergrant.adapters.http.provider_api import HttpProviderApi
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.adapters.oauth.minting import ProviderMinting
from evergrant.adapters.oauth.token_endpoint import HttpTokenEndpoint
from evergrant.adapters.signing.oauth1 import ThreeLegs
from evergrant.adapters.system.clock import SystemClock, SystemEntropy
from evergrant.domain.app import App, AuthMethod, AwsSigV4Method, OAuth1Method, OAuth2Method
from evergrant.domain.authorization import Authorization
from evergrant.domain.client import OAuthClient
from evergrant.domain.ids import AuthorizationId, UserId, WorkspaceId
from evergrant.domain.rendering import known_hosts
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import Tokens, read_kept
from evergrant.ports.providers import ProbeAnswer
from evergrant.use_cases.connect.flows import Flows
from evergrant.use_cases.connect.grants import needed_of_client
from pydantic import SecretStr

from tests.catalogue.samples import given, typed
from tests.conformance.keys import private_key
from tests.conformance.playing import CALLBACK, CLIENT_ID, CLIENT_SECRET, Played, exchange_of
from tests.conformance.rewriting import on_loopback
from tests.functions.loopback import Loopback

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HTTP, CLOCK, ENTROPY = CheckedTransport(allow_loopback=True), SystemClock(), SystemEntropy()
TOKEN_ENDPOINT, THREE_LEGS = HttpTokenEndpoint(HTTP, CLOCK, ENTROPY), ThreeLegs(HTTP)
FLOWS = Flows(lambda: TOKEN_ENDPOINT, lambda: THREE_LEGS, ENTROPY)


class Roles:
    """A role that can be assumed: STS is not reached in these tests."""

    def assume(self, role_arn: str, *, external_id: str) -> Tokens:
        given = {name: SecretStr(f"assumed-{name}") for name in ("accessKeyId", "secretAccessKey", "sessionToken")}
        return Tokens(given["sessionToken"], None, "aws_sigv4", NOW + timedelta(hours=1), None, None, {}, given)


MINTING = ProviderMinting(HTTP, TOKEN_ENDPOINT, Roles(), CLOCK, ENTROPY)
PROBING = HttpProbing(HttpProviderApi(HTTP, CLOCK, ENTROPY))


@dataclass
class Driven:
    """One way against its own provider."""

    app: App
    original: AuthMethod
    provider: Loopback
    way: AuthMethod = field(init=False)
    played: Played = field(init=False)
    client: OAuthClient = field(init=False)
    variables: dict[str, str] = field(init=False)
    typed: dict[str, SecretStr] = field(init=False)

    def __post_init__(self) -> None:
        self.way = on_loopback(self.app, self.original, self.provider.url)
        values = {each.name: typed(each) for each in self.way.properties} | self._keys()
        self.typed = {name: SecretStr(value) for name, value in values.items()}
        self.variables = {each.name: values[each.name] for each in self.way.properties if not each.secret}
        secret, extra = CLIENT_SECRET, dict[str, str]()
        if isinstance(self.way, OAuth2Method):
            extra = {name: f"extra-{name}" for name in self.way.client_extra} | self._client_keys(self.way)
            if self.way.token_endpoint_auth_method == "private_key_jwt":
                secret = private_key(self.way.token_endpoint_auth_signing_alg)
        if isinstance(self.way, OAuth1Method) and self.way.signature_method == "RSA-SHA1":
            secret = private_key("RS256")
        hosts = self.way.rules_for_client()
        sealed = {name: SecretStr(value) for name, value in extra.items()}
        self.client = OAuthClient(
            WorkspaceId("ws_1"), self.app.slug, CLIENT_ID, SecretStr(secret), NOW, (), sealed, hosts
        )
        kept = {each.name: given(each) for each in self.way.brought()}
        known = {"externalId": "usr_1", "clientId": CLIENT_ID} | extra | kept | values
        self.played = Played(self.way, known, secret)
        self.provider.answer = self.played.answer

    def _keys(self) -> dict[str, str]:
        """Real keys where something is signed with what the merchant typed."""
        made = dict[str, str]()
        exchange = exchange_of(self.way)
        for assertion in (getattr(self.way, "assertion", None), exchange and exchange.assertion):
            if assertion and assertion.key in {each.name for each in self.way.properties}:
                shared = {
                    "hex": "00ff" * 16,
                    "base64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                    "text": "a-shared-secret-of-32-characters",
                }
                made[assertion.key] = (
                    shared[assertion.key_encoding]
                    if assertion.algorithm == "HS256"
                    else private_key(assertion.algorithm)
                )
        signature = getattr(self.way, "signature", None)
        if signature and signature.key_encoding != "text":
            made[signature.key] = {"hex": "00ff" * 16, "base64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}[
                signature.key_encoding
            ]
        if isinstance(self.way, OAuth1Method) and self.way.signature_method == "RSA-SHA1" and not self.way.is_redirect:
            made["consumerSecret"] = private_key("RS256")
        return made

    def _client_keys(self, way: OAuth2Method) -> dict[str, str]:
        assertion = way.exchange and way.exchange.assertion
        return (
            {assertion.key: private_key(assertion.algorithm)} if assertion and assertion.key in way.client_extra else {}
        )

    def connected(self) -> Secret:
        """The merchant's whole way in; what will be sealed."""
        if isinstance(self.way, OAuth2Method) or (isinstance(self.way, OAuth1Method) and self.way.is_redirect):
            return self._redirected(self.way)
        secret = self._secret(self.typed)
        return self.minted(secret) if self.way.mints else secret

    def _redirected(self, way: OAuth2Method | OAuth1Method) -> Secret:
        flow, began = FLOWS.of(way), self._authorization(way)
        begun = flow.begin(self.client, began, state="a-state")
        page = HTTP.send(
            "GET", begun.location.get_secret_value(), headers={}, body=None, total_seconds=8, max_bytes=65536
        )
        assert page.status == 302, page.body
        back = dict(parse_qsl(urlsplit(page.headers["location"]).query))
        code = flow.code_in(back)
        assert code
        self.variables |= read_kept(way.brought(), "redirect", back.get)
        finished = flow.finish(
            self.client, replace(began, variables=self.variables), code=SecretStr(code), held=begun.held
        )
        self.variables |= finished.tokens.kept
        secret = self._secret({**finished.values, **needed_of_client(way, self.client)})
        if isinstance(way, OAuth2Method) and way.exchange:
            if way.confirmation:
                asking = way.model_copy(update={"probe": way.confirmation})
                assert PROBING.ask(asking, secret, self.variables).verdict is True
            secret = self.minted(secret)
        self._learn(secret)
        return self._secret(secret.values)

    def _learn(self, secret: Secret) -> None:
        """What the probe brings besides."""
        if any(each.source == "probe" for each in self.way.brought()):
            answer = PROBING.ask(self.way, secret, self.variables)
            content = cast("dict[str, Any]", answer.content)
            from evergrant.domain.tokens import dig

            self.variables |= read_kept(self.way.brought(), "probe", lambda path: dig(content, path))

    def _authorization(self, way: OAuth2Method | OAuth1Method) -> Authorization:
        return Authorization(
            AuthorizationId("auth_1"),
            WorkspaceId("ws_1"),
            UserId("usr_1"),
            self.app.slug,
            CALLBACK,
            NOW,
            NOW + timedelta(minutes=10),
            way.way,
            way.scopes if isinstance(way, OAuth2Method) else (),
            self.variables,
        )

    def minted(self, secret: Secret) -> Secret:
        """A token of what is kept."""
        client = self.client if isinstance(self.way, OAuth2Method) else None
        tokens = MINTING.mint(self.way, secret, self.variables, user_id="usr_1", client=client)
        self.variables |= tokens.kept
        if isinstance(self.way, AwsSigV4Method):
            self.played.values |= {name: value.get_secret_value() for name, value in tokens.secrets.items()}
        return self._secret({**secret.values, "accessToken": tokens.access_token, **tokens.secrets})

    def renewed(self, secret: Secret) -> Secret | None:
        """The next token, where there is a way to one."""
        if self.way.mints:
            return self.minted(secret)
        refresh_token = secret.values.get("refreshToken")
        if not isinstance(self.way, OAuth2Method) or refresh_token is None:
            return None
        tokens = TOKEN_ENDPOINT.refresh(self.way, self.client, self.variables, refresh_token)
        return self._secret(
            {**secret.values, "accessToken": tokens.access_token, "refreshToken": tokens.refresh_token or refresh_token}
        )

    def probed(self, secret: Secret) -> ProbeAnswer:
        """The live call."""
        return PROBING.ask(self.way, secret, self.variables)

    def revoked(self, secret: Secret) -> bool:
        """Whether the provider was told, where it can be."""
        if isinstance(self.way, OAuth2Method) and self.way.revocation_endpoint:
            token = secret.values.get("refreshToken") or secret.values["accessToken"]
            TOKEN_ENDPOINT.revoke(self.way, self.client, self.variables, token=token, token_type_hint="access_token")
            return True
        if self.way.revocation:
            from evergrant.adapters.http.calls import send_call

            extra = {name: value.get_secret_value() for name, value in self.client.extra.items()}
            own = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, **extra}
            headers = None if self.way.signs else self.way.request.headers
            values = {**own, **self.variables, **secret.revealed()}
            answer = send_call(HTTP, self.way.revocation, self.way.request, values, headers=headers)
            assert answer.status < 300, json.dumps([answer.status, answer.body.decode()])
            return True
        return False

    def _secret(self, values: Any) -> Secret:
        return Secret(dict(values), known_hosts(self.way, self.variables))
