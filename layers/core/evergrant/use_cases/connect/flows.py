"""The redirects there are: OAuth 2 with a code (RFC 6749, 4.1), and OAuth 1.0a with three legs (RFC 5849, 2).

A flow begins with an address for the browser and something that is held back; it ends with what the browser brought
and what was held.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from evergrant.domain.app import App, OAuth1Method, OAuth2Method, renamed
from evergrant.domain.authorization import SECRET_BYTES, Authorization, s256
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import ConnectError, Detail, ValidationFailedError
from evergrant.domain.rendering import render, render_url
from evergrant.domain.tokens import Tokens, read_kept, read_secrets
from evergrant.ports.providers import RequestToken, ThreeLeggedOAuth, TokenEndpoint
from evergrant.ports.system import Entropy

Redirecting = OAuth2Method | OAuth1Method


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what finishing needs: it is sealed meanwhile."""

    location: SecretStr
    held: SecretStr


@dataclass(frozen=True, slots=True)
class Finished:
    """What the provider granted: tokens, or a pair of OAuth 1.0a among `tokens.secrets`."""

    tokens: Tokens
    values: Mapping[str, SecretStr]
    """All that is to be sealed."""


class Flow(Protocol):
    """One way to send a merchant to a provider and back."""

    def begin(self, client: OAuthClient, authorization: Authorization, *, state: str) -> Begun:
        """Raises: ProviderError, ClientRefusedError where the provider is asked first."""
        ...

    def code_in(self, parameters: Mapping[str, str]) -> str | None:
        """What the redirect brought for finishing; None where it brought nothing."""
        ...

    def finish(
        self, client: OAuthClient, authorization: Authorization, *, code: SecretStr, held: SecretStr
    ) -> Finished:
        """Raises: GrantRefusedError, ClientRefusedError, ProviderError, ProviderTimeoutError."""
        ...

    def give_back(self, client: OAuthClient, authorization: Authorization, finished: Finished) -> bool:
        """Revoke what was just granted; False where that cannot be done, or would end more. Raises: as `finish`."""
        ...


@dataclass(frozen=True, slots=True)
class Flows:
    """What flows need; the network is reached for when one is used."""

    token_endpoint: Callable[[], TokenEndpoint]
    three_legged: Callable[[], ThreeLeggedOAuth]
    entropy: Entropy

    def of(self, way: Redirecting) -> Flow:
        """The flow of a way."""
        if isinstance(way, OAuth1Method):
            return ThreeLegs(way, self.three_legged)
        return AuthorizationCode(way, self.token_endpoint, self.entropy)


def redirects_of(app: App) -> list[Redirecting]:
    """Its ways that send a merchant to the provider."""
    return [
        each
        for each in app.methods
        if isinstance(each, OAuth2Method) or (isinstance(each, OAuth1Method) and each.is_redirect)
    ]


def redirect_of(app: App, way: str | None = None) -> Redirecting:
    """Its redirect, or the one of that name. Raises: ValidationFailedError (`not_oauth`)."""
    for each in redirects_of(app):
        if way is None or way in (each.way, each.kind):
            return each
    message = f"{app.name} does not connect by a redirect: send its values with POST /credentials."
    raise ValidationFailedError([Detail("app", message)], message=message, code="not_oauth")


def wants_secret(way: Redirecting) -> bool:
    """Whether the owner's client has one."""
    return isinstance(way, OAuth1Method) or way.token_endpoint_auth_method != "none"  # noqa: S105  # a way, no secret


def client_extra(way: Redirecting) -> tuple[str, ...]:
    """Further values of the owner's client."""
    return way.client_extra if isinstance(way, OAuth2Method) else ()


def default_scopes(way: Redirecting) -> tuple[str, ...]:
    """What is asked for where nobody says."""
    return way.scopes if isinstance(way, OAuth2Method) else ()


class AuthorizationCode:
    """`Flow` of OAuth 2, with PKCE (RFC 7636)."""

    def __init__(self, way: OAuth2Method, token_endpoint: Callable[[], TokenEndpoint], entropy: Entropy) -> None:
        self._way, self._token_endpoint, self._entropy = way, token_endpoint, entropy

    def begin(self, client: OAuthClient, authorization: Authorization, *, state: str) -> Begun:
        way, verifier = self._way, self._entropy.token(SECRET_BYTES)
        values = self._values(client, authorization)
        parameters = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": self._redirect_uri(client, authorization),
            "state": state,
        }
        if authorization.scopes:
            parameters["scope"] = way.scope_separator.join(authorization.scopes)
        if "S256" in way.code_challenge_methods_supported:
            parameters |= {"code_challenge": s256(verifier), "code_challenge_method": "S256"}
        parameters = renamed(parameters, way.authorization_request_names)
        parameters |= {name: render(each, values) for name, each in way.authorization_parameters.items()}
        return Begun(SecretStr(_address(way.authorization_endpoint, values, parameters)), SecretStr(verifier))

    def code_in(self, parameters: Mapping[str, str]) -> str | None:
        return parameters.get(self._way.code_parameter)

    def finish(
        self, client: OAuthClient, authorization: Authorization, *, code: SecretStr, held: SecretStr
    ) -> Finished:
        tokens = self._token_endpoint().exchange(
            self._way,
            client,
            authorization.variables,
            code=code,
            code_verifier=held,
            redirect_uri=self._redirect_uri(client, authorization),
        )
        values = {"accessToken": tokens.access_token, "tokenType": SecretStr(tokens.token_type), **tokens.secrets}
        if tokens.refresh_token:
            values["refreshToken"] = tokens.refresh_token
        return Finished(tokens, values)

    def give_back(self, client: OAuthClient, authorization: Authorization, finished: Finished) -> bool:
        if not self._way.revocation_endpoint or self._way.revocation_scope != "token":
            return False
        tokens = finished.tokens
        self._token_endpoint().revoke(
            self._way,
            client,
            authorization.variables,
            token=tokens.refresh_token or tokens.access_token,
            token_type_hint="refresh_token" if tokens.refresh_token else "access_token",  # a hint
        )
        return True

    def _redirect_uri(self, client: OAuthClient, authorization: Authorization) -> str:
        """The address, or the name that the provider knows it by."""
        name = self._way.redirect_uri_name
        return render(name, self._values(client, authorization)) if name else authorization.redirect_uri

    @staticmethod
    def _values(client: OAuthClient, authorization: Authorization) -> dict[str, str]:
        extra = {name: value.get_secret_value() for name, value in client.extra.items()}
        return {**authorization.variables, **extra, "clientId": client.client_id}


class ThreeLegs:
    """`Flow` of OAuth 1.0a. The state travels in the callback: the protocol has no parameter for it."""

    def __init__(self, way: OAuth1Method, oauth: Callable[[], ThreeLeggedOAuth]) -> None:
        self._way, self._oauth = way, oauth

    def begin(self, client: OAuthClient, authorization: Authorization, *, state: str) -> Begun:
        way = self._way
        callback = f"{authorization.redirect_uri}?{urlencode({'state': state})}"
        token = self._oauth().begin(way, client, authorization.variables, callback=callback)
        values = {**authorization.variables, "consumerKey": client.client_id}
        parameters = {"oauth_token": token.token}
        parameters |= {name: render(each, values) for name, each in way.authorization_parameters.items()}
        held = json.dumps([token.token, token.secret.get_secret_value()])
        return Begun(SecretStr(_address(way.authorization_endpoint or "", values, parameters)), SecretStr(held))

    def code_in(self, parameters: Mapping[str, str]) -> str | None:
        token, verifier = parameters.get("oauth_token"), parameters.get("oauth_verifier")
        return json.dumps([token, verifier]) if token and verifier else None

    def finish(
        self, client: OAuthClient, authorization: Authorization, *, code: SecretStr, held: SecretStr
    ) -> Finished:
        returned, verifier = json.loads(code.get_secret_value())
        token, secret = json.loads(held.get_secret_value())
        if not hmac.compare_digest(str(returned), str(token)):
            raise ConnectError("This answer belongs to another request. Begin again.", code="token_mismatch")
        request_token = RequestToken(token, SecretStr(secret))
        pair = self._oauth().finish(
            self._way, client, authorization.variables, token=request_token, verifier=SecretStr(verifier)
        )
        kept = read_kept(self._way.kept, "token", pair.answer.get)
        secrets = read_secrets(self._way.kept, "token", pair.answer.get)
        tokens = Tokens(pair.token, None, "oauth1", _no_end(), None, None, kept, secrets)  # a type
        consumer = {"consumerKey": SecretStr(client.client_id), "consumerSecret": client.client_secret or SecretStr("")}
        return Finished(tokens, {**consumer, "tokenId": pair.token, "tokenSecret": pair.secret, **secrets})

    def give_back(self, client: OAuthClient, authorization: Authorization, finished: Finished) -> bool:  # noqa: ARG002  # the protocol
        return False


def _no_end() -> datetime | None:
    """OAuth 1.0a says nothing of a token's life."""
    return None


def _address(endpoint: str, values: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    page = render_url(endpoint, values)
    return f"{page}{'&' if '?' in page else '?'}{urlencode(parameters, quote_via=quote)}"
