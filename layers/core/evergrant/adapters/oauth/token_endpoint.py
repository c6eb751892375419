"""A provider's OAuth server: code exchange, refresh and revocation, with nothing believed that comes back."""

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote_plus

from pydantic import SecretStr

from evergrant.domain.app import OAuth2Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import AppMisconfiguredError, ProviderError
from evergrant.domain.rendering import render
from evergrant.domain.tokens import Tokens, read_tokens
from evergrant.ports import Clock, HttpAnswer, HttpClient

TOTAL_SECONDS = 8
"""Well inside the lease of a renewal."""
MAX_BYTES = 64 * 1024


class HttpTokenEndpoint:
    """`TokenEndpoint` over HTTP."""

    def __init__(self, http: HttpClient, clock: Clock) -> None:
        self._http, self._clock = http, clock

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
        members = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier.get_secret_value(),
        }
        return self._tokens(method, client, variables, members)

    def refresh(
        self, method: OAuth2Method, client: OAuthClient, variables: Mapping[str, str], refresh_token: SecretStr
    ) -> Tokens:
        members = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
        return self._tokens(method, client, variables, members)

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
        answer = self._post(method, method.revocation_endpoint or "", client, variables, members)
        if answer.status >= 300:
            raise _trouble(answer)

    def _tokens(
        self, method: OAuth2Method, client: OAuthClient, variables: Mapping[str, str], members: Mapping[str, str]
    ) -> Tokens:
        answer = self._post(method, method.token_endpoint, client, variables, {**members, **method.token_parameters})
        if answer.status == 429 or answer.status >= 500:
            raise _trouble(answer)
        return read_tokens(method, answer.status, answer.body, at=self._clock.now())

    def _post(
        self,
        method: OAuth2Method,
        endpoint: str,
        client: OAuthClient,
        variables: Mapping[str, str],
        members: Mapping[str, str],
    ) -> HttpAnswer:
        headers, body = _authenticated(method, client, members)
        as_json = method.token_request_format == "json"  # noqa: S105  # a format
        content = json.dumps(body) if as_json else _form(body)
        media_type = "application/json" if as_json else "application/x-www-form-urlencoded"
        return self._http.send(
            "POST",
            render(endpoint, variables),
            headers={"accept": "application/json", "content-type": media_type, **method.token_headers, **headers},
            body=content.encode(),
            total_seconds=TOTAL_SECONDS,
            max_bytes=MAX_BYTES,
        )


def _authenticated(
    method: OAuth2Method, client: OAuthClient, members: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and members with the client's authentication (RFC 6749, 2.3.1)."""
    way = method.token_endpoint_auth_method
    if way == "none":
        return {}, {**members, "client_id": client.client_id}
    if client.client_secret is None:
        raise AppMisconfiguredError("This app's OAuth client has no secret: set it with PUT /apps/{app}/client.")
    secret = client.client_secret.get_secret_value()
    if way == "client_secret_post":
        return {}, {**members, "client_id": client.client_id, "client_secret": secret}
    pair = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, dict(members)


def _form(members: Mapping[str, str]) -> str:
    from oauthlib.common import urlencode

    return urlencode(list(members.items()))  # pyright: ignore[reportUnknownVariableType]  # it has no types


def _trouble(answer: HttpAnswer) -> ProviderError:
    wait = answer.headers.get("retry-after", "")
    return ProviderError(
        f"The provider answered {answer.status}. Try again later.",
        provider_status=answer.status,
        retry_after=int(wait[:6]) if wait.isascii() and wait.isdecimal() else None,
    )
