"""`Upstream`: a new token where one is due, else the app's live check; trouble becomes an outcome."""

from collections.abc import Callable
from datetime import timedelta

from pydantic import SecretStr

from evergrant.domain.app import AuthMethod, OAuth2Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    AppMisconfiguredError,
    ClientRefusedError,
    CredentialExpiredError,
    GrantRefusedError,
    ProviderError,
)
from evergrant.domain.rendering import render_url
from evergrant.domain.renewal import Dead, Ours, Outcome, Renewed, Stale, Transient, Unchecked, Verified
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import Tokens
from evergrant.ports.providers import Minting, Probing, TokenEndpoint
from evergrant.ports.system import Clock
from evergrant.ports.workspaces import Apps, OAuthClients


class ProviderUpstream:
    """Each app as its entry says."""

    def __init__(
        self,
        apps: Apps,
        clients: OAuthClients,
        token_endpoint: TokenEndpoint,
        minting: Minting,
        probing: Probing,
        clock: Clock,
    ) -> None:
        self._apps, self._clients, self._clock = apps, clients, clock
        self._token_endpoint, self._minting, self._probing = token_endpoint, minting, probing

    def renew(self, credential: Credential, secret: Secret, *, force: bool = False) -> Outcome | Stale:
        app = self._apps.find(credential.workspace_id, credential.app)
        method = app and app.method(credential.way_used)
        if method is None:
            return Unchecked()
        renewed = self._renewal_of(method, credential, secret)
        checkable = method.probe is not None and credential.is_fresh(at=self._clock.now())
        refreshed = renewed if force or not checkable else None
        try:
            if refreshed:
                return refreshed()
            return self._checked(method, credential, secret, renewable=renewed is not None)
        except CredentialExpiredError as error:
            return Dead(error.code)
        except ClientRefusedError as error:
            return self._ours(credential, error.error, error.message)
        except AppMisconfiguredError as error:
            return self._ours(credential, error.code, error.message)
        except GrantRefusedError as error:
            return _refused(method, error)
        except ProviderError as error:
            wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
            unknown = refreshed is not None and not error.nothing_done
            return Transient(error.code, "The app could not be asked; it will be tried again.", wait, unknown)

    def _ours(self, credential: Credential, code: str, message: str) -> Ours:
        client = self._clients.find(credential.workspace_id, credential.app)
        return Ours(code, message, client and client.created_at)

    def _checked(
        self, method: AuthMethod, credential: Credential, secret: Secret, *, renewable: bool
    ) -> Outcome | Stale:
        if method.probe is None:
            return Unchecked()
        try:
            answer = self._probing.ask(method, secret, credential.variables)
        except CredentialExpiredError:
            # The live call goes to a host that was not sealed: it is not made, and says nothing of the secret.
            return Unchecked()
        if answer.verdict:
            return Verified()
        if answer.verdict is None:
            return Transient("provider_error", f"The app answered {answer.status}; it will be tried again.")
        if renewable:
            return Stale()
        return Dead("rejected_by_provider", f"HTTP {answer.status}")

    def _renewal_of(self, method: AuthMethod, credential: Credential, secret: Secret) -> Callable[[], Outcome] | None:
        """What a new token is had by, where there is a way."""
        if method.mints:
            return lambda: self._minted(method, credential, secret)
        if isinstance(method, OAuth2Method) and "refreshToken" in secret.values:
            return lambda: self._refreshed(method, credential, secret)
        return None

    def _minted(self, method: AuthMethod, credential: Credential, secret: Secret) -> Outcome:
        client = self._client(method, credential) if isinstance(method, OAuth2Method) else None
        tokens = self._minting.mint(method, secret, credential.variables, user_id=credential.user_id, client=client)
        return _renewed(tokens, secret, {"accessToken": tokens.access_token})

    def _refreshed(self, method: OAuth2Method, credential: Credential, secret: Secret) -> Outcome:
        secret.require_host(render_url(method.refresh_endpoint or method.token_endpoint, credential.variables))
        client = self._client(method, credential)
        refresh_token = secret.values["refreshToken"]
        tokens = self._token_endpoint.refresh(method, client, credential.variables, refresh_token)
        # An answer without a refresh token keeps the old one (RFC 6749, 6).
        changed = {"accessToken": tokens.access_token, "refreshToken": tokens.refresh_token or refresh_token}
        current = {name: value for name, value in client.extra.items() if name in secret.values}
        return _renewed(tokens, secret, {**changed, **current})

    def _client(self, method: OAuth2Method, credential: Credential) -> OAuthClient:
        client = self._clients.find(credential.workspace_id, credential.app)
        if client is None:
            message = "Set this app's OAuth client with PUT /apps/{app}/client."
            raise AppMisconfiguredError(message, code="client_missing")
        client.require(method)
        return client


def _renewed(tokens: Tokens, secret: Secret, changed: dict[str, SecretStr]) -> Renewed:
    return Renewed(
        secret.with_values(**changed, **tokens.secrets),
        token_expires_at=tokens.expires_at,
        scopes=tokens.scopes,
        grant_expires_at=tokens.grant_expires_at if tokens.refresh_token else None,
        variables=tokens.kept,
    )


def _refused(method: AuthMethod, error: GrantRefusedError) -> Outcome:
    if error.error in method.dead_words():
        return Dead("rejected_by_provider" if method.mints else "refresh_token_rejected", error.error)
    return Transient("provider_error", f"The provider refused it ({error.error}); it will be tried again.")
