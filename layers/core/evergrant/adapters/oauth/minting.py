"""`Minting`: a token that ends, made of what is kept: client credentials, assertions, exchanges, assumed roles."""

from collections.abc import Callable, Mapping

from evergrant.adapters.http.calls import call_url, send_call, trouble
from evergrant.adapters.oauth.assertions import signed_assertion
from evergrant.domain.app import (
    AuthMethod,
    AwsSigV4Method,
    ClientCredentialsMethod,
    Exchange,
    JwtBearerMethod,
    OAuth2Method,
    TwoStepMethod,
)
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import ClientRefusedError, GrantRefusedError
from evergrant.domain.rendering import render_url
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import Reading, Tokens, read_tokens
from evergrant.ports.http import HttpClient
from evergrant.ports.providers import RoleAssumer, TokenEndpoint
from evergrant.ports.system import Clock, Entropy


class ProviderMinting:
    """Each way as its entry says."""

    def __init__(
        self, http: HttpClient, token_endpoint: TokenEndpoint, roles: RoleAssumer, clock: Clock, entropy: Entropy
    ) -> None:
        self._http, self._token_endpoint, self._roles = http, token_endpoint, roles
        self._clock, self._entropy = clock, entropy

    def mint(
        self,
        way: AuthMethod,
        secret: Secret,
        variables: Mapping[str, str],
        *,
        user_id: str,
        client: OAuthClient | None = None,
    ) -> Tokens:
        values = {**variables, **secret.revealed(), **_of_client(client)}
        if isinstance(way, ClientCredentialsMethod):
            secret.require_host(render_url(way.token_endpoint, values))
            return _of_merchants_client(lambda: self._token_endpoint.client_credentials(way, values))
        if isinstance(way, JwtBearerMethod):
            if way.token_endpoint:
                secret.require_host(render_url(way.token_endpoint, values))
            return _of_merchants_client(lambda: self._token_endpoint.jwt_bearer(way, values))
        if isinstance(way, AwsSigV4Method):
            return self._roles.assume(values["roleArn"], external_id=user_id)
        return self._traded(way, secret, values)

    def _traded(self, way: AuthMethod, secret: Secret, values: dict[str, str]) -> Tokens:
        exchange = _exchange_of(way)
        secret.require_host(call_url(exchange, way.request, values))
        at = self._clock.now()
        if exchange.assertion:
            assertion = signed_assertion(exchange.assertion, values, at=at, entropy=self._entropy)
            values = {**values, "assertion": assertion}
        answer = send_call(self._http, exchange, way.request, values)
        if answer.status == 429 or answer.status >= 500:
            raise trouble(answer)
        # What is kept of the code's own answer is read there; here, that of a key's exchange.
        kept = way.kept if isinstance(way, TwoStepMethod) else ()
        default = way.default_expires_in if isinstance(way, OAuth2Method | TwoStepMethod) else None
        reading = Reading.of_exchange(exchange, kept=kept, default_expires_in=default)
        return read_tokens(reading, answer.status, answer.body, at=at)


def _exchange_of(way: AuthMethod) -> Exchange:
    if isinstance(way, TwoStepMethod):
        return way.exchange
    if isinstance(way, OAuth2Method) and way.exchange:
        return way.exchange
    raise TypeError(way.kind)


def _of_client(client: OAuthClient | None) -> dict[str, str]:
    if client is None:
        return {}
    extra = {name: value.get_secret_value() for name, value in client.extra.items()}
    secret = {"clientSecret": client.client_secret.get_secret_value()} if client.client_secret else {}
    return {"clientId": client.client_id, **secret, **extra}


def _of_merchants_client(ask: Callable[[], Tokens]) -> Tokens:
    """The client is the merchant's own: that it is refused is the end of the credential, not the owner's mistake."""
    try:
        return ask()
    except ClientRefusedError as error:
        if error.error in ("invalid_client", "unauthorized_client"):
            raise GrantRefusedError(error.error, provider_status=401) from error
        raise
