"""POST /credentials/{credentialId}/token: the secret, usable now, and only what a request needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from evergrant.domain.app import AuthMethod
from evergrant.domain.caller import Caller
from evergrant.domain.credential import Credential
from evergrant.domain.due import day_of
from evergrant.domain.errors import AppMisconfiguredError, CredentialExpiredError, ProviderError, ProviderTimeoutError
from evergrant.domain.ids import CredentialId
from evergrant.domain.rendering import render_all, render_params, render_url, with_derived
from evergrant.domain.renewal import OURS
from evergrant.domain.secret import Secret
from evergrant.domain.times import iso_or_none
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock
from evergrant.ports.workspaces import RememberedApps
from evergrant.use_cases.credentials.read import read_with_live_key
from evergrant.use_cases.credentials.use import note_use, read_today

RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Usable:
    """A credential with its opened secret: only `answer` reveals it."""

    credential: Credential
    secret: Secret
    method: AuthMethod

    def base_url(self) -> str | None:
        """Where requests go; made of plain values alone."""
        template = self.method.request.base_url
        return template and render_url(template, self.credential.variables)

    def params(self) -> dict[str, str]:
        """What requests carry in their query."""
        return render_params(self.method.request, self._values())

    def _values(self) -> dict[str, str]:
        return with_derived(self.method.request, {**self.credential.variables, **self.secret.revealed()})

    def answer(self) -> dict[str, object]:
        """As the API answers; this is where a secret leaves."""
        credential = self.credential
        request, values = self.method.request, self._values()
        signs = self.method.signs
        return {
            "credentialId": credential.credential_id,
            "type": credential.app,
            "kind": credential.kind,
            "expiresAt": iso_or_none(credential.token_expires_at or credential.expires_at),
            "scopes": list(credential.scopes),
            "missingScopes": list(credential.missing_scopes),
            "secret": {name: values[name] for name in sorted(self.method.shown()) if name in values},
            "headers": {} if signs else render_all(request.headers, values),
            "params": {} if signs else self.params(),
            "baseUrl": self.base_url(),
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller needs of the secret."""

    min_validity: timedelta | None = None
    force: bool = False


USABLE_NOW = Wanted()


def fresh_token(
    caller: Caller,
    credential_id: CredentialId,
    wanted: Wanted = USABLE_NOW,
    *,
    apps: RememberedApps,
    credentials: CredentialStore,
    sealer: Sealer,
    clock: Clock,
    renew: Callable[[Credential, bool], Credential],
) -> Usable:
    """One read when warm; renewed first when it must be, by `renew(credential, force)`.

    Raises: NotFoundError; CredentialExpiredError, which says how to reconnect; ProviderError, AppMisconfiguredError
    when it could not be renewed and no longer works.
    """
    credential, version = read_with_live_key(caller, credential_id, credentials=credentials, clock=clock)
    _require_alive(credential, clock)
    now = clock.now()
    is_noted = credential.last_read_day == day_of(now)
    if credential.renewable and (wanted.force or not credential.is_fresh(at=now, min_validity=wanted.min_validity)):
        # One that is fresh by itself is renewed because the caller says so.
        credential = renew(read_today(credential, at=now), credential.is_fresh(at=now))
        _require_alive(credential, clock)
        _require_working(credential, clock)
    app = apps.find(caller.workspace_id, credential.app, version=version)
    if app is None:
        raise AppMisconfiguredError(f"The app {credential.app} is gone: put it back with PUT /apps/{credential.app}.")
    method = app.method(credential.way_used)
    if method is None:
        raise CredentialExpiredError(
            f"{app.name} is no longer connected by {credential.way_used}: ask the user to connect it again.",
            code="app_changed",
        )
    secret = Secret.from_bytes(sealer.open(credential.sealed, credential.seal_context()))
    usable = Usable(credential, secret, method)
    base_url = usable.base_url()
    if base_url is not None:
        secret.require_host(base_url)
    if not is_noted:
        note_use(credential, credentials=credentials, at=now)
    return usable


def _require_alive(credential: Credential, clock: Clock) -> None:
    if credential.status == "expired" or credential.is_over(at=clock.now()):
        raise CredentialExpiredError(
            f"This {credential.app} credential has expired: ask the user to connect {credential.app} again."
        )


def _require_working(credential: Credential, clock: Clock) -> None:
    """A renewal that failed is no trouble while the old token works."""
    failure = credential.last_failure
    if credential.still_works(at=clock.now()) or failure is None:
        return
    if failure.code in OURS:
        raise AppMisconfiguredError(failure.message)
    if failure.code == ProviderTimeoutError.code:
        raise ProviderTimeoutError("The provider did not answer in time. Try again.", retry_after=RETRY_SECONDS)
    raise ProviderError("The provider could not renew the token. Try again.", retry_after=RETRY_SECONDS)
