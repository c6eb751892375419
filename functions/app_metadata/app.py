"""GET /metadata/credentials: the apps, and what to ask a merchant for."""

from evergrant.catalogue.loader import listed
from evergrant.catalogue.metadata import metadata
from evergrant.domain.errors import NotFoundError
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, caller, ok

http = Http()
handler = http.handler


@http.get("/metadata/credentials")
def list_all() -> Answer:
    """Every app, as this workspace has it."""
    own = wiring.own_apps().all(caller(http).workspace_id)
    shown = {str(each["name"]): each for each in [*listed(), *map(metadata, own)]}
    return ok({"data": [shown[name] for name in sorted(shown)]})


@http.get("/metadata/credentials/<app>")
def get(app: str) -> Answer:
    """One app, as this workspace has it."""
    found = wiring.apps().find(caller(http).workspace_id, app)
    if found is None:
        raise NotFoundError("There is no such app. GET /metadata/credentials lists them.")
    return ok({"data": metadata(found)})
