"""Apps and the owners' OAuth clients in memory."""

from collections import Counter
from collections.abc import Sequence

from evergrant.domain.app import App
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import TooLargeError
from evergrant.domain.ids import WorkspaceId

MAX_BYTES = 390_000


class FakeApps:
    """`Apps`: these, in every workspace."""

    def __init__(self, *apps: App) -> None:
        self._named = {name: app for app in apps for name in (*app.aliases, app.slug)}

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> App | None:
        return self._named.get(slug_or_alias)


class FakeOAuthClients:
    """`OAuthClients`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[WorkspaceId, str], OAuthClient] = {}

    def find(self, workspace_id: WorkspaceId, app: str) -> OAuthClient | None:
        return self.kept.get((workspace_id, app))

    def put(self, client: OAuthClient) -> None:
        if len(str(client.scopes)) > MAX_BYTES:
            raise TooLargeError("All of this together is more than can be kept.")
        self.kept[client.workspace_id, client.app] = client

    def delete(self, workspace_id: WorkspaceId, app: str) -> None:
        self.kept.pop((workspace_id, app), None)


class FakeOwnApps:
    """`OwnApps`."""

    def __init__(self, clients: FakeOAuthClients) -> None:
        self._clients = clients
        self._entries: dict[tuple[WorkspaceId, str], App] = {}
        self.changes: Counter[WorkspaceId] = Counter()
        """What `get_with_key` of the credentials tells."""

    def find(self, workspace_id: WorkspaceId, slug: str) -> App | None:
        return self._entries.get((workspace_id, slug))

    def named(self, workspace_id: WorkspaceId, alias: str) -> App | None:
        return next((each for each in self.all(workspace_id) if alias in each.aliases), None)

    def all(self, workspace_id: WorkspaceId) -> Sequence[App]:
        return [app for (owner, _), app in sorted(self._entries.items()) if owner == workspace_id]

    def with_client(self, workspace_id: WorkspaceId) -> frozenset[str]:
        return frozenset(app for owner, app in self._clients.kept if owner == workspace_id)

    def put(self, workspace_id: WorkspaceId, app: App) -> None:
        if len(app.model_dump_json()) > MAX_BYTES:
            raise TooLargeError("All of this together is more than can be kept.")
        self._entries[workspace_id, app.slug] = app
        self.changes[workspace_id] += 1

    def delete(self, workspace_id: WorkspaceId, slug: str) -> None:
        self._entries.pop((workspace_id, slug), None)
        self.changes[workspace_id] += 1
