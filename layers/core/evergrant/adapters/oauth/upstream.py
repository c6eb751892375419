"""`Upstream`: a refresh where one is due, else the app's live check; trouble becomes an outcome."""

from datetime import timedelta

from evergrant.domain.app import AuthMethod, OAuth1Method, OAuth2Method
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    AppMisconfiguredError,
    ClientRefusedError,
    CredentialExpiredError,
    GrantRefusedError,
    ProviderError,
)
from evergrant.domain.rendering import render
from evergrant.domain.renewal import Dead, Ours, Outcome, Renewed, Transient, Unchecked, Verified
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import DEAD_GRANT
from evergrant.ports import Apps, Clock, OAuthClients, Probing, TokenEndpoint


class ProviderUpstream:
    """Each app as its entry says."""

    def __init__(
        self, apps: Apps, clients: OAuthClients, token_endpoint: TokenEndpoint, probing: Probing, clock: Clock
    ) -> None:
        self._apps, self._clients, self._clock = apps, clients, clock
        self._token_endpoint, self._probing = token_endpoint, probing

    def renew(self, credential: Credential, secret: Secret, *, force: bool = False) -> Outcome:
        app = self._apps.find(credential.workspace_id, credential.app)
        method = app and app.method(credential.kind)
        if method is None:
            return Unchecked()
        try:
            return self._asked(method, credential, secret, force=force)
        except CredentialExpiredError as error:
            return Dead(error.code)
        except ClientRefusedError as error:
            return Ours(error.error, error.message)
        except AppMisconfiguredError as error:
            return Ours(error.code, error.message)
        except GrantRefusedError as error:
            return _refused(method, error)
        except ProviderError as error:
            wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
            return Transient(error.code, "The app could not be asked; it will be tried again.", wait)

    def _asked(self, method: AuthMethod, credential: Credential, secret: Secret, *, force: bool) -> Outcome:
        can_refresh = isinstance(method, OAuth2Method) and secret.values.get("refreshToken") is not None
        at = self._clock.now()
        if isinstance(method, OAuth2Method) and can_refresh:
            checkable = method.probe is not None and credential.is_fresh(at=at)
            if force or not checkable:
                return self._refreshed(method, credential, secret)
        if method.probe is None or isinstance(method, OAuth1Method):
            return Unchecked()
        answer = self._probing.ask(method, secret, credential.variables)
        if answer.verdict:
            return Verified()
        if answer.verdict is None:
            return Transient("provider_error", f"The app answered {answer.status}; it will be tried again.")
        if isinstance(method, OAuth2Method) and can_refresh:
            # The access token is dead, the grant perhaps not.
            return self._refreshed(method, credential, secret)
        return Dead("rejected_by_provider", f"HTTP {answer.status}")

    def _refreshed(self, method: OAuth2Method, credential: Credential, secret: Secret) -> Outcome:
        secret.require_host(render(method.token_endpoint, credential.variables))
        client = self._clients.find(credential.workspace_id, credential.app)
        if client is None:
            return Ours("client_missing", "Set this app's OAuth client with PUT /apps/{app}/client.")
        refresh_token = secret.values["refreshToken"]
        tokens = self._token_endpoint.refresh(method, client, credential.variables, refresh_token)
        # An answer without a refresh token keeps the old one (RFC 6749, 6).
        changed = {"accessToken": tokens.access_token, "refreshToken": tokens.refresh_token or refresh_token}
        return Renewed(
            secret.with_values(**changed, **client.extra),
            token_expires_at=tokens.expires_at,
            scopes=tokens.scopes,
            grant_expires_at=tokens.grant_expires_at if tokens.refresh_token else credential.expires_at,
        )


def _refused(method: AuthMethod, error: GrantRefusedError) -> Outcome:
    words = {DEAD_GRANT, *(method.dead_grant_errors if isinstance(method, OAuth2Method) else ())}
    if error.error in words:
        return Dead("refresh_token_rejected", error.error)
    return Transient("provider_error", f"The provider refused it ({error.error}); it will be tried again.")
