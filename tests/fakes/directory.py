"""Workspaces, users and API keys in memory."""

from evergrant.domain.errors import ConflictError
from evergrant.domain.ids import ApiKeyId, WorkspaceId, is_identifier
from evergrant.domain.workspace import ApiKey, User, Workspace
from evergrant.ports.pages import Page

from tests.fakes.lists import page_of


class FakeDirectory:
    """`Directory`."""

    def __init__(self) -> None:
        self._workspaces: dict[WorkspaceId, Workspace] = {}
        self._users: dict[tuple[WorkspaceId, str], User] = {}
        self._keys: dict[ApiKeyId, ApiKey] = {}

    def workspace(self, workspace_id: WorkspaceId) -> Workspace | None:
        return self._workspaces.get(workspace_id)

    def put_workspace(self, workspace: Workspace) -> None:
        self._workspaces[workspace.workspace_id] = workspace

    def workspaces(self, *, after: str | None) -> Page[WorkspaceId]:
        return Page(list(self._workspaces))

    def user(self, workspace_id: WorkspaceId, id_or_name: str) -> User | None:
        if is_identifier(id_or_name, "usr"):
            return self._users.get((workspace_id, id_or_name))
        return self._named(workspace_id, id_or_name)

    def create_user(self, user: User) -> None:
        if (user.workspace_id, user.user_id) in self._users:
            raise changed_meanwhile()
        self._free_name(user)
        self._users[user.workspace_id, user.user_id] = user

    def change_user(self, new: User, *, read: User) -> None:
        self._as_read(read)
        self._free_name(new)
        self._users[new.workspace_id, new.user_id] = new

    def delete_user(self, user: User) -> None:
        self._as_read(user)
        del self._users[user.workspace_id, user.user_id]

    def users(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[User]:
        found = [each for each in self._users.values() if each.workspace_id == workspace_id]
        return page_of(found, lambda each: each.user_id, limit=limit, after=after)

    def api_key(self, api_key_id: ApiKeyId) -> ApiKey | None:
        return self._keys.get(api_key_id)

    def put_api_key(self, api_key: ApiKey) -> None:
        self._keys[api_key.api_key_id] = api_key

    def api_keys(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[ApiKey]:
        found = [each for each in self._keys.values() if each.workspace_id == workspace_id]
        return page_of(found, lambda each: each.api_key_id, limit=limit, after=after)

    def _named(self, workspace_id: WorkspaceId, name: str) -> User | None:
        found = (each for each in self._users.values() if (each.workspace_id, each.username) == (workspace_id, name))
        return next(found, None)

    def _as_read(self, read: User) -> None:
        now = self._users.get((read.workspace_id, read.user_id))
        if now is None or now.version != read.version:
            raise changed_meanwhile()

    def _free_name(self, user: User) -> None:
        holder = self._named(user.workspace_id, user.username)
        if holder is not None and holder.user_id != user.user_id:
            raise ConflictError("Another user of this workspace has that username.", code="username_taken")


def changed_meanwhile() -> ConflictError:
    """As the adapters say it."""
    return ConflictError("It was changed meanwhile.", code="changed_meanwhile")
