"""`Apps`: what the workspace itself defined comes first, then the catalogue."""

from evergrant.catalogue.loader import load
from evergrant.domain.app import App
from evergrant.domain.ids import WorkspaceId
from evergrant.ports.workspaces import Apps, OwnApps

AT_MOST = 1000
"""Apps in memory: beyond it, all are forgotten and read again."""


class LayeredApps:
    """A workspace's own apps and overrides over the catalogue."""

    def __init__(self, own: OwnApps) -> None:
        self._own = own

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> App | None:
        catalogued = load(slug_or_alias)
        slug = catalogued.slug if catalogued else slug_or_alias
        own = self._own.find(workspace_id, slug)
        return own or catalogued or self._own.named(workspace_id, slug_or_alias)


class MemorisedApps:
    """`RememberedApps`: exact, because the read that brings the credential brings the count of changes too."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._kept: dict[tuple[WorkspaceId, str], tuple[int, App]] = {}

    def find(self, workspace_id: WorkspaceId, slug: str, *, version: int) -> App | None:
        kept = self._kept.get((workspace_id, slug))
        if kept is not None and kept[0] == version:
            return kept[1]
        found = self._apps.find(workspace_id, slug)
        if found is not None:
            if len(self._kept) >= AT_MOST:
                self._kept.clear()
            self._kept[workspace_id, slug] = (version, found)
        return found
