"""Ending a grant at its provider: by RFC 7009, or by the call that its entry spells."""

from collections.abc import Callable

from evergrant.adapters.http.calls import call_url, send_call, trouble
from evergrant.domain.app import AuthMethod, Call, OAuth2Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.errors import AppMisconfiguredError, CredentialExpiredError, GrantRefusedError, SealBrokenError
from evergrant.domain.rendering import render_url
from evergrant.domain.secret import Secret
from evergrant.ports.http import HttpAnswer, HttpClient
from evergrant.ports.providers import TokenEndpoint
from evergrant.ports.sealing import Sealer
from evergrant.ports.workspaces import Apps, OAuthClients

UNAUTHORIZED = 401
ALREADY_GONE = frozenset({UNAUTHORIZED, 404, 410})
"""What a provider answers to a token that has ended before."""


class ProviderRevoker:
    """`Revoker` over what the apps' entries know."""

    def __init__(
        self, apps: Apps, clients: OAuthClients, sealer: Sealer, token_endpoint: TokenEndpoint, http: HttpClient
    ) -> None:
        self._apps, self._clients, self._sealer = apps, clients, sealer
        self._token_endpoint, self._http = token_endpoint, http

    def revoke(
        self, credential: Credential, *, shared: bool, keep: Callable[[bytes], object]
    ) -> tuple[bool, str | None]:
        """Where there is no way, only the merchant can end it, in the provider's own pages."""
        app = self._apps.find(credential.workspace_id, credential.app)
        method = app and app.method(credential.way_used)
        if method is None or not _can_be_revoked(method):
            return False, "not_supported"
        if shared and isinstance(method, OAuth2Method) and method.revocation_scope == "grant":
            return False, "shared_grant"
        if credential.status == "expired":
            return False, "already_expired"
        client = self._clients.find(credential.workspace_id, credential.app) if method.kind == "oauth2" else None
        if method.kind == "oauth2" and client is None:
            return False, "client_missing"
        try:
            if client:
                client.require(method)
            secret = Secret.from_bytes(self._sealer.open(credential.sealed, credential.seal_context()))
            self._told(method, credential, secret, client, keep)
        except GrantRefusedError:
            return True, None
        except SealBrokenError:
            return False, "unreadable"
        except (CredentialExpiredError, AppMisconfiguredError) as error:
            return False, error.code
        return True, None

    def _told(
        self,
        method: AuthMethod,
        credential: Credential,
        secret: Secret,
        client: OAuthClient | None,
        keep: Callable[[bytes], object],
    ) -> None:
        if isinstance(method, OAuth2Method) and method.revocation_endpoint and client:
            secret.require_host(render_url(method.revocation_endpoint, credential.variables))
            refresh_token = secret.values.get("refreshToken")
            self._token_endpoint.revoke(
                method,
                client,
                credential.variables,
                token=refresh_token or secret.values["accessToken"],
                token_type_hint="refresh_token" if refresh_token else "access_token",  # a hint
            )
        elif method.revocation:
            answer = self._called(method, method.revocation, credential, secret, client)
            if answer.status == UNAUTHORIZED and client and isinstance(method, OAuth2Method):
                renewed = self._renewed(method, credential, secret, client, keep)
                answer = self._called(method, method.revocation, credential, renewed, client) if renewed else answer
            if answer.status >= 300 and answer.status not in ALREADY_GONE:
                raise trouble(answer)

    def _renewed(
        self,
        method: OAuth2Method,
        credential: Credential,
        secret: Secret,
        client: OAuthClient,
        keep: Callable[[bytes], object],
    ) -> Secret | None:
        """With an access token that lives: that the one before has ended says nothing of the grant.

        Kept before it is used: the refresh token before it may be spent, and what is refused to that one would look
        like the end of a grant that lives on. None where there is no other.

        Raises: GrantRefusedError where the grant is gone.
        """
        refresh_token = secret.values.get("refreshToken")
        if refresh_token is None:
            return None
        secret.require_host(render_url(method.refresh_endpoint or method.token_endpoint, credential.variables))
        # The key before the call: sealing the answer must need no network.
        prepared = self._sealer.prepare(credential.workspace_id)
        tokens = self._token_endpoint.refresh(method, client, credential.variables, refresh_token)
        fresh = {"accessToken": tokens.access_token, "refreshToken": tokens.refresh_token or refresh_token}
        renewed = secret.with_values(**fresh, **tokens.secrets)
        keep(prepared.seal(renewed.to_bytes(), credential.seal_context()))
        return renewed

    def _called(
        self, method: AuthMethod, call: Call, credential: Credential, secret: Secret, client: OAuthClient | None
    ) -> HttpAnswer:
        own = {name: value.get_secret_value() for name, value in client.extra.items()} if client else {}
        if client:
            own |= {"clientId": client.client_id}
        if client and client.client_secret:
            own |= {"clientSecret": client.client_secret.get_secret_value()}
        values = {**credential.variables, **secret.revealed(), **own}
        secret.require_host(call_url(call, method.request, values))
        headers = None if method.signs else method.request.headers
        return send_call(self._http, call, method.request, values, headers=headers)


def _can_be_revoked(method: AuthMethod) -> bool:
    return method.revocation is not None or (isinstance(method, OAuth2Method) and bool(method.revocation_endpoint))
