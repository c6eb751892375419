"""A provider's OAuth server: every grant, and revocation, with nothing believed that comes back."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import SecretStr

from evergrant.adapters.http.calls import MAX_BYTES, TOTAL_SECONDS, asked, trouble
from evergrant.adapters.oauth.assertions import signed_assertion
from evergrant.adapters.oauth.client_authentication import authenticated
from evergrant.domain.app import ClientCredentialsMethod, JwtBearerMethod, OAuth2Method, TokenWay, renamed
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import ProviderError
from evergrant.domain.rendering import render_all, render_url
from evergrant.domain.tokens import Reading, Tokens, introspected_end, read_tokens
from evergrant.ports.http import HttpAnswer, HttpClient
from evergrant.ports.system import Clock, Entropy

INTROSPECTION_SECONDS = 2
"""It is asked after the token endpoint, inside the same lease."""


class HttpTokenEndpoint:
    """`TokenEndpoint` over HTTP."""

    def __init__(self, http: HttpClient, clock: Clock, entropy: Entropy) -> None:
        self._http, self._clock, self._entropy = http, clock, entropy

    def exchange(
        self,
        method: OAuth2Method,
        client: OAuthClient,
        variables: Mapping[str, str],
        *,
        code: SecretStr,
        code_verifier: SecretStr,
        redirect_uri: str,
    ) -> Tokens:
        values = _with_client(variables, client)
        members = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier.get_secret_value(),
            **render_all(method.token_parameters, values),
        }
        tokens = self._tokens(method, method.token_endpoint, client.client_id, client.client_secret, values, members)
        return self._introspected(tokens, method, client, values)

    def refresh(
        self, method: OAuth2Method, client: OAuthClient, variables: Mapping[str, str], refresh_token: SecretStr
    ) -> Tokens:
        values = _with_client(variables, client)
        members = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token.get_secret_value(),
            **render_all(method.refresh_parameters or method.token_parameters, values),
        }
        endpoint = method.refresh_endpoint or method.token_endpoint
        proof = {"token_endpoint_auth_method": method.refresh_auth_method or method.token_endpoint_auth_method}
        asking, reading = method.model_copy(update=proof), Reading.of_refresh(method)
        tokens = self._tokens(asking, endpoint, client.client_id, client.client_secret, values, members, reading)
        return self._introspected(tokens, method, client, values)

    def client_credentials(self, method: ClientCredentialsMethod, values: Mapping[str, str]) -> Tokens:
        members = {
            "grant_type": method.grant_type,
            **_scope(method),
            **render_all(method.token_parameters, values),
        }
        secret = values.get("clientSecret")
        client_secret = None if secret is None else SecretStr(secret)
        return self._tokens(method, method.token_endpoint, values["clientId"], client_secret, values, members)

    def jwt_bearer(self, method: JwtBearerMethod, values: Mapping[str, str]) -> Tokens:
        at = self._clock.now()
        assertion = signed_assertion(method.assertion, values, at=at, entropy=self._entropy)
        if method.token_endpoint is None:
            # The assertion itself is the token; its `exp` says how long.
            body = assertion.encode()
            return read_tokens(
                Reading(answer=method.token_answer.model_copy(update={"format": "text"})), 200, body, at=at
            )
        members = {
            "grant_type": method.grant_type,
            "assertion": assertion,
            **_scope(method),
            **render_all(method.token_parameters, values),
        }
        secret = values.get("clientSecret")
        client_secret = None if secret is None else SecretStr(secret)
        return self._tokens(method, method.token_endpoint, values.get("clientId"), client_secret, values, members)

    def revoke(
        self,
        method: OAuth2Method,
        client: OAuthClient,
        variables: Mapping[str, str],
        *,
        token: SecretStr,
        token_type_hint: str,
    ) -> None:
        members = {"token": token.get_secret_value(), "token_type_hint": token_type_hint}
        values = _with_client(variables, client)
        endpoint = method.revocation_endpoint or ""
        verb = method.revocation_request_method
        answer = self._sent(method, endpoint, client.client_id, client.client_secret, values, members, verb=verb)
        if answer.status >= 300:
            raise trouble(answer)

    def _introspected(
        self, tokens: Tokens, method: OAuth2Method, client: OAuthClient, values: Mapping[str, str]
    ) -> Tokens:
        """With an end, where only the introspection endpoint knows it (RFC 7662); no grant is lost for its trouble."""
        if tokens.expires_at is not None or method.introspection_endpoint is None:
            return tokens
        members = {"token": tokens.access_token.get_secret_value(), "token_type_hint": "access_token"}
        try:
            answer = self._sent(
                method,
                method.introspection_endpoint,
                client.client_id,
                client.client_secret,
                values,
                members,
                verb="POST",
                total_seconds=INTROSPECTION_SECONDS,
            )
        except ProviderError:
            return tokens
        end = introspected_end(answer.status, answer.body, at=self._clock.now())
        grant_end = tokens.grant_expires_at if tokens.refresh_token else end
        return replace(tokens, expires_at=end, grant_expires_at=grant_end)

    def _tokens(
        self,
        method: TokenWay,
        endpoint: str,
        client_id: str | None,
        client_secret: SecretStr | None,
        values: Mapping[str, str],
        members: Mapping[str, str],
        reading: Reading | None = None,
    ) -> Tokens:
        verb = method.token_request_method
        answer = self._sent(method, endpoint, client_id, client_secret, values, members, verb=verb)
        if answer.status == 429 or (answer.status >= 500 and not method.dead_grant_errors):
            raise trouble(answer)
        return read_tokens(reading or Reading.of_grant(method), answer.status, answer.body, at=self._clock.now())

    def _sent(
        self,
        way: TokenWay,
        endpoint: str,
        client_id: str | None,
        client_secret: SecretStr | None,
        values: Mapping[str, str],
        members: Mapping[str, str],
        *,
        verb: str,
        total_seconds: float = TOTAL_SECONDS,
    ) -> HttpAnswer:
        url = render_url(endpoint, values)
        issuer = way.issuer if isinstance(way, OAuth2Method) else None
        headers, body = authenticated(
            way,
            client_id,
            client_secret,
            members,
            audience=issuer or url,
            at=self._clock.now(),
            entropy=self._entropy,
        )
        method, address, sent, content = asked(
            verb,
            url,
            headers={"accept": "application/json", **render_all(way.token_headers, values), **headers},
            members=renamed(body, way.token_request_names),
            members_format=way.token_request_format,
        )
        return self._http.send(
            method, address, headers=sent, body=content, total_seconds=total_seconds, max_bytes=MAX_BYTES
        )


def _with_client(variables: Mapping[str, str], client: OAuthClient) -> dict[str, str]:
    extra = {name: value.get_secret_value() for name, value in client.extra.items()}
    return {**variables, **extra, "clientId": client.client_id}


def _scope(method: TokenWay) -> dict[str, str]:
    return {"scope": method.scope_separator.join(method.scopes)} if method.scopes else {}
