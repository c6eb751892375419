"""Finding a credential for a caller: not there, and another workspace's, look the same."""

from evergrant.domain.caller import Actor, Caller
from evergrant.domain.credential import Credential, Status
from evergrant.domain.errors import NotFoundError
from evergrant.domain.ids import CredentialId, WorkspaceId
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.pages import Page
from evergrant.ports.system import Clock
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.paging import filled
from evergrant.use_cases.users.manage import find_user
from evergrant.use_cases.workspaces.api_keys import require_live

NOT_THERE = "There is no such credential in this workspace."


def own(credential: Credential | None, workspace_id: WorkspaceId) -> Credential:
    """The credential, if it is this workspace's. Raises: NotFoundError."""
    if credential is None or credential.workspace_id != workspace_id:
        raise NotFoundError(NOT_THERE)
    return credential


def get_credential(caller: Caller, credential_id: CredentialId, *, credentials: CredentialStore) -> Credential:
    """Raises: NotFoundError."""
    return own(credentials.get(credential_id), caller.workspace_id)


def get_with_live_key(
    caller: Caller, credential_id: CredentialId, *, credentials: CredentialStore, clock: Clock
) -> Credential:
    """For what releases secrets or destroys: the key is read again, in the same read as the credential.

    Raises: UnauthorizedError when the key was revoked since the authorizer's answer was cached; NotFoundError.
    """
    return read_with_live_key(caller, credential_id, credentials=credentials, clock=clock)[0]


def read_with_live_key(
    caller: Caller, credential_id: CredentialId, *, credentials: CredentialStore, clock: Clock
) -> tuple[Credential, int]:
    """The same, with the count of the workspace's changes of its own apps. Raises: as `get_with_live_key`."""
    read = credentials.get_with_key(credential_id, caller.api_key_id, caller.workspace_id)
    require_live(caller, read.key, at=clock.now())
    return own(read.credential, caller.workspace_id), read.apps_version


def read_for(caller: Actor, credential_id: CredentialId, *, credentials: CredentialStore, clock: Clock) -> Credential:
    """For what changes or destroys: an API key is read again; a session reaches its own user's credentials alone."""
    if isinstance(caller, Caller):
        return get_with_live_key(caller, credential_id, credentials=credentials, clock=clock)
    caller.require_credential(credential_id)
    found = own(credentials.get(credential_id), caller.workspace_id)
    if found.user_id != caller.user_id:
        raise NotFoundError(NOT_THERE)
    caller.require_app(found.app)
    return found


def list_credentials(
    caller: Actor,
    user: str,
    *,
    app: str | None,
    status: Status | None,
    limit: int,
    after: str | None,
    credentials: CredentialStore,
    directory: Directory,
) -> Page[Credential]:
    """Raises: NotFoundError when the user is not there."""
    found = find_user(caller, user, directory=directory)
    if status is None:
        return credentials.of_user(caller.workspace_id, found.user_id, app=app, limit=limit, after=after)
    return filled(
        lambda place: credentials.of_user(caller.workspace_id, found.user_id, app=app, limit=limit, after=place),
        lambda credential: credential.status == status,
        lambda credential: credential.credential_id,
        limit=limit,
        after=after,
    )
