"""POST /credentials/{credentialId}/token: the secret, usable now, and only what a request needs."""

from dataclasses import dataclass

from evergrant.domain.app import AuthMethod, OAuth1Method, OAuth2Method
from evergrant.domain.caller import Caller
from evergrant.domain.credential import Credential
from evergrant.domain.errors import CredentialExpiredError
from evergrant.domain.ids import CredentialId
from evergrant.domain.rendering import render, with_derived
from evergrant.domain.secret import Secret
from evergrant.domain.times import iso_or_none
from evergrant.ports import Apps, Clock, CredentialStore, Sealer
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.credentials.create import seal_context
from evergrant.use_cases.credentials.read import get_with_live_key

SHOWN_OF_OAUTH2 = frozenset({"accessToken", "tokenType"})
"""Never a refresh token."""


@dataclass(frozen=True, slots=True)
class Usable:
    """A credential with its opened secret: only `answer` reveals it."""

    credential: Credential
    secret: Secret
    method: AuthMethod

    def base_url(self) -> str | None:
        """Where requests go; made of plain values alone."""
        template = self.method.request.base_url
        return template and render(template, self.credential.variables)

    def answer(self) -> dict[str, object]:
        """As the API answers; this is where a secret leaves."""
        credential = self.credential
        request = self.method.request
        values = with_derived(request, {**credential.variables, **self.secret.revealed()})
        signs = isinstance(self.method, OAuth1Method)
        shown = SHOWN_OF_OAUTH2 if isinstance(self.method, OAuth2Method) else self.secret.values.keys()
        return {
            "credentialId": credential.credential_id,
            "type": credential.app,
            "kind": credential.kind,
            "expiresAt": iso_or_none(credential.token_expires_at or credential.expires_at),
            "scopes": list(credential.scopes),
            "missingScopes": list(credential.missing_scopes),
            "secret": {name: values[name] for name in shown if name in values},
            "headers": {} if signs else {name: render(each, values) for name, each in request.headers.items()},
            "params": {} if signs else {name: render(each, values) for name, each in request.params.items()},
            "baseUrl": self.base_url(),
        }


def fresh_token(
    caller: Caller,
    credential_id: CredentialId,
    *,
    apps: Apps,
    credentials: CredentialStore,
    sealer: Sealer,
    clock: Clock,
) -> Usable:
    """One read when warm. Raises: NotFoundError; CredentialExpiredError, which says how to reconnect."""
    credential = get_with_live_key(caller, credential_id, credentials=credentials, clock=clock)
    if credential.status == "expired" or credential.is_over(at=clock.now()):
        raise CredentialExpiredError(
            f"This {credential.app} credential has expired: ask the user to connect {credential.app} again."
        )
    app = named_app(caller.workspace_id, credential.app, path="type", apps=apps)
    secret = Secret.from_bytes(sealer.open(credential.sealed, seal_context(credential)))
    usable = Usable(credential, secret, app.method(credential.kind))
    base_url = usable.base_url()
    if base_url is not None:
        secret.require_host(base_url)
    return usable
