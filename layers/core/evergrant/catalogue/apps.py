"""`Apps`: what the workspace itself defined comes first, then the catalogue."""

from collections.abc import Callable

from evergrant.catalogue.loader import load
from evergrant.domain.app import App
from evergrant.domain.ids import WorkspaceId


class LayeredApps:
    """A workspace's own apps and overrides over the catalogue."""

    def __init__(self, own: Callable[[WorkspaceId, str], App | None]) -> None:
        self._own = own

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> App | None:
        catalogued = load(slug_or_alias)
        slug = catalogued.slug if catalogued else slug_or_alias
        return self._own(workspace_id, slug) or catalogued
