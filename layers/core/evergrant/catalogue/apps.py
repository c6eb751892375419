"""`Apps`: what the workspace itself defined comes first, then the catalogue."""

from collections.abc import Callable
from datetime import datetime, timedelta

from evergrant.catalogue.loader import load
from evergrant.domain.app import App
from evergrant.domain.ids import WorkspaceId
from evergrant.ports import Apps, Clock

REMEMBERED_FOR = timedelta(seconds=60)
"""As long as API Gateway remembers an API key."""
AT_MOST = 1000
"""Apps in memory: beyond it, all are forgotten and read again."""


class LayeredApps:
    """A workspace's own apps and overrides over the catalogue."""

    def __init__(self, own: Callable[[WorkspaceId, str], App | None]) -> None:
        self._own = own

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> App | None:
        catalogued = load(slug_or_alias)
        slug = catalogued.slug if catalogued else slug_or_alias
        return self._own(workspace_id, slug) or catalogued


class RememberedApps:
    """Apps in a warm environment's memory: what is put meanwhile counts a minute later; a miss is never kept."""

    def __init__(self, apps: Apps, *, clock: Clock) -> None:
        self._apps, self._clock = apps, clock
        self._kept: dict[tuple[WorkspaceId, str], tuple[datetime, App]] = {}

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> App | None:
        now = self._clock.now()
        kept = self._kept.get((workspace_id, slug_or_alias))
        if kept is not None and now < kept[0]:
            return kept[1]
        found = self._apps.find(workspace_id, slug_or_alias)
        if found is not None:
            if len(self._kept) >= AT_MOST:
                self._kept.clear()
            self._kept[workspace_id, slug_or_alias] = (now + REMEMBERED_FOR, found)
        return found
