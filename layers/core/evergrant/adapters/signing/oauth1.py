"""OAuth 1.0a (RFC 5849): signed requests, and the three legs that bring their token. `oauthlib` computes."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs

from pydantic import SecretStr

from evergrant.adapters.http.calls import MAX_BYTES, TOTAL_SECONDS, trouble
from evergrant.domain.app import OAuth1Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import AppMisconfiguredError, ClientRefusedError, GrantRefusedError, ProviderError
from evergrant.domain.rendering import render, render_url
from evergrant.ports.http import HttpClient
from evergrant.ports.providers import ProviderRequest, RequestToken, TokenPair

_FORM = "application/x-www-form-urlencoded"


def signed(way: OAuth1Method, values: Mapping[str, str], request: ProviderRequest) -> ProviderRequest:
    """With its `Authorization` (RFC 5849, 3). Raises: AppMisconfiguredError for a key that does not sign."""
    client = _client(way, values.get("consumerKey", ""), values.get("consumerSecret", ""), values)
    headers = _signature(client, way, request)
    return request.with_headers({"authorization": headers["Authorization"]})


class ThreeLegs:
    """`ThreeLeggedOAuth` over HTTP."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def begin(
        self, method: OAuth1Method, client: OAuthClient, variables: Mapping[str, str], *, callback: str
    ) -> RequestToken:
        """RFC 5849, 2.1."""
        answer = self._asked(method, method.temporary_credential_endpoint or "", client, variables, callback=callback)
        if answer.get("oauth_callback_confirmed") != "true":
            raise ProviderError("The provider did not confirm the callback.", code="provider_answer")
        return RequestToken(answer["oauth_token"], SecretStr(answer["oauth_token_secret"]))

    def finish(
        self,
        method: OAuth1Method,
        client: OAuthClient,
        variables: Mapping[str, str],
        *,
        token: RequestToken,
        verifier: SecretStr,
    ) -> TokenPair:
        """RFC 5849, 2.3."""
        held = {"tokenId": token.token, "tokenSecret": token.secret.get_secret_value()}
        answer = self._asked(
            method, method.token_endpoint or "", client, {**variables, **held}, verifier=verifier.get_secret_value()
        )
        return TokenPair(SecretStr(answer["oauth_token"]), SecretStr(answer["oauth_token_secret"]), answer)

    def _asked(
        self,
        method: OAuth1Method,
        endpoint: str,
        client: OAuthClient,
        values: Mapping[str, str],
        *,
        callback: str | None = None,
        verifier: str | None = None,
    ) -> dict[str, str]:
        if client.client_secret is None:
            raise AppMisconfiguredError("This app's OAuth client has no secret: set it with PUT /apps/{app}/client.")
        signing = _client(
            method,
            client.client_id,
            client.client_secret.get_secret_value(),
            values,
            callback_uri=callback,
            verifier=verifier,
        )
        request = ProviderRequest("POST", render_url(endpoint, values), {}, None)
        headers = {"authorization": _signature(signing, method, request)["Authorization"]}
        answer = self._http.send(
            "POST", request.url, headers=headers, body=None, total_seconds=TOTAL_SECONDS, max_bytes=MAX_BYTES
        )
        if answer.status == 429 or answer.status >= 500:
            raise trouble(answer)
        if answer.status in (401, 403):
            raise (
                GrantRefusedError(f"http_{answer.status}", provider_status=answer.status)
                if verifier
                else (ClientRefusedError("invalid_client"))
            )
        return _read(answer.status, answer.body)


def _client(way: OAuth1Method, key: str, secret: str, values: Mapping[str, str], **further: Any) -> Any:
    from oauthlib.oauth1 import Client

    with_rsa = way.signature_method == "RSA-SHA1"
    return Client(
        key,
        client_secret=None if with_rsa else secret,
        rsa_key=secret.replace("\\n", "\n") if with_rsa else None,
        resource_owner_key=values.get("tokenId"),
        resource_owner_secret=values.get("tokenSecret"),
        signature_method=way.signature_method,
        realm=render(way.realm, values) if way.realm else None,
        **further,
    )


def _signature(client: Any, way: OAuth1Method, request: ProviderRequest) -> dict[str, str]:
    """Only a form is part of what is signed (RFC 5849, 3.4.1.3.1)."""
    is_form = request.headers.get("content-type", "").partition(";")[0] == _FORM
    body = request.body.decode() if request.body and is_form else None
    try:
        _, headers, _ = client.sign(
            request.url, request.method, body=body, headers={"Content-Type": _FORM} if is_form else {}
        )
    except (ValueError, TypeError) as error:
        # Without the cause: what a parser says of a key may quote it.
        raise AppMisconfiguredError(
            f"The key does not sign with {way.signature_method} ({type(error).__name__}): check that it is whole."
        ) from None
    return cast("dict[str, str]", headers)


def _read(status: int, body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode("utf-8", "replace").strip(), max_num_fields=50)
    except ValueError:
        found = {}
    answer = {name: values[0] for name, values in found.items() if len(values) == 1}
    if status >= 300 or not answer.get("oauth_token") or "oauth_token_secret" not in answer:
        raise ProviderError(f"The provider answered {status} with nothing usable.", provider_status=status)
    return answer
