"""GET /metadata/credentials: the apps, and what to ask a merchant for."""

from collections.abc import Mapping
from typing import Any

from evergrant.catalogue.loader import listed
from evergrant.catalogue.metadata import metadata
from evergrant.domain.errors import NotFoundError
from evergrant.runtime import wiring
from evergrant.runtime.cursors import read_cursor, write_cursor
from evergrant.runtime.http import Answer, Http, PageQuery, caller, ok

http = Http()
handler = http.handler


@http.get("/metadata/credentials")
def list_all(query: PageQuery) -> Answer:
    """Every app, as this workspace has it; by slug, in pages (whole under Alloy's routes)."""
    workspace_id = caller(http).workspace_id
    own = wiring.own_apps().all(workspace_id)
    shown = {str(each["name"]): each for each in [*listed(), *map(metadata, own)]}
    if http.is_alias:
        return ok({"data": [_told(shown[name]) for name in sorted(shown)]})
    name = f"{workspace_id}|metadata"
    after = read_cursor(query.cursor, query=name, fingerprints=wiring.fingerprints()) if query.cursor else ""
    names = [each for each in sorted(shown) if each > (after or "")]
    last = names[query.limit - 1] if len(names) > query.limit else None
    following = write_cursor(last, query=name, fingerprints=wiring.fingerprints()) if last else None
    return ok({"data": [_told(shown[each]) for each in names[: query.limit]], "nextCursor": following})


@http.get("/metadata/credentials/<app>")
def get(app: str) -> Answer:
    """One app, as this workspace has it."""
    found = wiring.apps().find(caller(http).workspace_id, app)
    if found is None:
        raise NotFoundError("There is no such app. GET /metadata/credentials lists them.")
    return ok({"data": _told(metadata(found))})


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """With the icon's whole address."""
    return {**entry, "icon": f"{http.base_url}{entry['icon']}"}
