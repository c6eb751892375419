"""GET /oauthUrl: begin an OAuth round trip; and what a browser does with its link."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import SecretBytes, SecretStr

from evergrant.domain import bearer
from evergrant.domain.app import App, Way
from evergrant.domain.authorization import LIFETIME, SECRET_BYTES, Authorization
from evergrant.domain.caller import Actor, SessionCaller
from evergrant.domain.client import OAuthClient, redirect_uri
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    AppMisconfiguredError,
    ConnectError,
    Detail,
    ForbiddenError,
    NotFoundError,
    ValidationFailedError,
)
from evergrant.domain.ids import ENTROPY_BYTES, AuthorizationId, CredentialId, WorkspaceId, identifier
from evergrant.domain.workspace import User
from evergrant.ports.connecting import Authorizations
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Apps, Directory, OAuthClients
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.flows import Flows, Redirecting, default_scopes, redirect_of
from evergrant.use_cases.credentials.entry import plain_values
from evergrant.use_cases.credentials.read import NOT_THERE, own
from evergrant.use_cases.users.manage import find_user


@dataclass(frozen=True, slots=True)
class Asked:
    """What the owner's server asks for; `properties` are the app's own, such as the shop."""

    user: str
    app: str
    properties: Mapping[str, SecretStr]
    return_url: str | None = None
    code_challenge: str | None = None
    credential_id: str | None = None
    scopes: tuple[str, ...] = ()
    way: str | None = None
    root: str = "query"
    """Where the request has the properties."""
    authorization_id: AuthorizationId | None = None
    """Chosen by a modal's form; None: a new one."""
    session_id: str | None = None
    binder_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """To the provider, with the cookie that binds this browser to the authorization."""

    location: SecretStr
    """Holds the state."""
    authorization_id: AuthorizationId
    cookie: SecretStr


def begin_authorization(
    caller: Actor,
    asked: Asked,
    *,
    base_url: str,
    apps: Apps,
    clients: OAuthClients,
    directory: Directory,
    credentials: CredentialStore,
    authorizations: Authorizations,
    clock: Clock,
    entropy: Entropy,
) -> Authorization:
    """Ten minutes, one use.

    Raises: NotFoundError for the user or credential; ValidationFailedError; AppMisconfiguredError without a client;
    ForbiddenError (`unbound_oauth`) for a bare link where the workspace does not allow it.
    """
    user = find_user(caller, asked.user, directory=directory)
    app = named_app(caller.workspace_id, asked.app, path="app", apps=apps)
    method = redirect_of(app, asked.way)
    variables = plain_values(method, asked.properties, root=asked.root)
    _check_return(caller.workspace_id, asked, directory=directory)
    client = owners_client(caller.workspace_id, app, method, clients=clients)
    again = _again(caller, asked, user, app, credentials=credentials)
    now = clock.now()
    authorization = Authorization(
        authorization_id=asked.authorization_id
        or AuthorizationId(identifier("auth", at=now, entropy=entropy.bytes(ENTROPY_BYTES))),
        workspace_id=caller.workspace_id,
        user_id=user.user_id,
        app=app.slug,
        way=method.way,
        redirect_uri=redirect_uri(base_url, caller.workspace_id, app.slug),
        created_at=now,
        expires_at=now + LIFETIME,
        scopes=_wanted_scopes(asked, client, method, again),
        variables={**(again.variables if again else {}), **variables},
        return_url=asked.return_url,
        code_challenge=asked.code_challenge,
        credential_id=again.credential_id if again else None,
        session_id=asked.session_id,
        binder_digest=asked.binder_digest,
    )
    authorizations.create(authorization)
    return authorization


def open_link(authorization_id: str, *, authorizations: Authorizations, clock: Clock) -> Authorization:
    """What stands behind `/oauth/start/{id}`; looking uses nothing up. Raises: ConnectError."""
    found = authorizations.get(authorization_id)
    # A modal's flow has no link: whoever opened one would be bound to what another began.
    if found is None or found.is_modal or found.has_form:
        raise ConnectError("This link is not known here. Ask for a new one.", code="link_unknown")
    found.require_running(at=clock.now())
    if found.stage != "created":
        raise ConnectError("This link was used already. Ask for a new one.", code="link_used")
    return found


def start(
    authorization: Authorization,
    *,
    apps: Apps,
    clients: OAuthClients,
    authorizations: Authorizations,
    flows: Flows,
    sealer: Sealer,
    entropy: Entropy,
) -> Redirect:
    """Bind this browser, and send it to the provider.

    Raises: ConnectError when another was faster; ProviderError where the provider is asked first.
    """
    app = named_app(authorization.workspace_id, authorization.app, path="app", apps=apps)
    method = redirect_of(app, authorization.way or None)
    client = owners_client(authorization.workspace_id, app, method, clients=clients)
    state, cookie = (entropy.token(SECRET_BYTES) for _ in range(2))
    begun = flows.of(method).begin(client, authorization, state=state)
    held = SecretBytes(begun.held.get_secret_value().encode())
    sealed = sealer.seal(held, authorization.seal_context("code_verifier"))
    started = authorization.started(verifier=sealed, cookie_digest=bearer.digest(cookie))
    if authorization.is_modal:
        location = SecretBytes(begun.location.get_secret_value().encode())
        started = replace(started, sealed_location=sealer.seal(location, authorization.seal_context("location")))
    authorizations.start(started, state_digest=bearer.digest(state))
    return Redirect(begun.location, authorization.authorization_id, SecretStr(cookie))


def owners_client(workspace_id: WorkspaceId, app: App, way: Way, *, clients: OAuthClients) -> OAuthClient:
    """Raises: AppMisconfiguredError, also when the entry has changed where its secret goes."""
    client = clients.find(workspace_id, app.slug)
    if client is None:
        raise AppMisconfiguredError(
            f"This workspace has no OAuth client for {app.name}: register one there, with the redirect URI that "
            f"GET /apps/{app.slug}/client shows, and set it with PUT /apps/{app.slug}/client."
        )
    client.require(way)
    return client


def check_return_url(workspace_id: WorkspaceId, return_url: str, *, directory: Directory) -> None:
    """Exactly one of those the workspace registered (RFC 9700, 4.11). Raises: ValidationFailedError."""
    workspace = directory.workspace(workspace_id)
    if workspace is None or return_url not in workspace.return_urls:
        message = "This address is not among the workspace's returnUrls. Add it with PUT /workspace."
        raise ValidationFailedError([Detail("returnUrl", message)])


def _again(caller: Actor, asked: Asked, user: User, app: App, *, credentials: CredentialStore) -> Credential | None:
    """What is reconnected. Raises: NotFoundError; ValidationFailedError."""
    if asked.credential_id is None:
        return None
    again = own(credentials.get(CredentialId(asked.credential_id)), caller.workspace_id)
    if again.user_id != user.user_id and isinstance(caller, SessionCaller):
        raise NotFoundError(NOT_THERE)
    if again.user_id != user.user_id or again.app != app.slug:
        raise ValidationFailedError([Detail("credentialId", "This credential is another user's, or another app's.")])
    return again


def _check_return(workspace_id: WorkspaceId, asked: Asked, *, directory: Directory) -> None:
    if asked.return_url is not None:
        check_return_url(workspace_id, asked.return_url, directory=directory)
        return
    if asked.code_challenge is not None:
        raise ValidationFailedError([Detail("codeChallenge", "A codeChallenge needs a returnUrl.")])
    if asked.session_id is not None:
        return
    workspace = directory.workspace(workspace_id)
    if workspace is None or not workspace.takes_unbound_oauth:
        raise ForbiddenError(
            "Send a returnUrl: this workspace does not allow an oauthUrl that anybody could finish "
            "(`allowUnboundOauth` of PUT /workspace).",
            code="unbound_oauth",
        )


def _wanted_scopes(asked: Asked, client: OAuthClient, method: Redirecting, again: Credential | None) -> tuple[str, ...]:
    """The caller's, or the client's, or the app's; a reconnect never asks for less than there was."""
    wanted = asked.scopes or client.scopes or default_scopes(method)
    before = (*again.scopes, *again.missing_scopes) if again else ()
    return tuple(dict.fromkeys([*wanted, *before]))
