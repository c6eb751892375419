"""Ending a grant at its provider (RFC 7009)."""

from evergrant.domain.app import OAuth2Method
from evergrant.domain.credential import Credential
from evergrant.domain.errors import AppMisconfiguredError, CredentialExpiredError, GrantRefusedError, SealBrokenError
from evergrant.domain.rendering import render
from evergrant.domain.secret import Secret
from evergrant.ports import Apps, OAuthClients, Sealer, TokenEndpoint


class ProviderRevoker:
    """`Revoker` over the apps' revocation endpoints."""

    def __init__(self, apps: Apps, clients: OAuthClients, sealer: Sealer, token_endpoint: TokenEndpoint) -> None:
        self._apps, self._clients, self._sealer = apps, clients, sealer
        self._token_endpoint = token_endpoint

    def revoke(self, credential: Credential, *, shared: bool) -> tuple[bool, str | None]:
        """A static key can only be ended by the merchant, in the provider's own pages."""
        app = self._apps.find(credential.workspace_id, credential.app)
        method = app and app.method(credential.kind)
        if not isinstance(method, OAuth2Method) or method.revocation_endpoint is None:
            return False, "not_supported"
        if shared and method.revocation_scope == "grant":
            return False, "shared_grant"
        if credential.status == "expired":
            return False, "already_expired"
        client = self._clients.find(credential.workspace_id, credential.app)
        if client is None:
            return False, "client_missing"
        try:
            secret = Secret.from_bytes(self._sealer.open(credential.sealed, credential.seal_context()))
            secret.require_host(render(method.revocation_endpoint, credential.variables))
            refresh_token = secret.values.get("refreshToken")
            self._token_endpoint.revoke(
                method,
                client,
                credential.variables,
                token=refresh_token or secret.values["accessToken"],
                token_type_hint="refresh_token" if refresh_token else "access_token",  # a hint
            )
        except GrantRefusedError:
            return True, None
        except SealBrokenError:
            return False, "unreadable"
        except CredentialExpiredError as error:
            return False, error.code
        except AppMisconfiguredError as error:
            return False, error.code
        return True, None
