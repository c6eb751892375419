"""/apps/{app}: the effective entry of an app, and a workspace's own apps and overrides."""

from typing import cast

from evergrant.domain.app import App
from evergrant.domain.errors import Detail, NotFoundError, ValidationFailedError
from evergrant.domain.ids import WorkspaceId
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, caller, live_caller, ok
from evergrant.runtime.requests import read_json, validated
from evergrant.use_cases.apps.changed import goes_elsewhere
from evergrant.use_cases.apps.effective import refuse_other_names

http = Http()
handler = http.handler


@http.get("/apps/<app>")
def get(app: str) -> Answer:
    """The catalogue's TOML as JSON, its keys as they are, with where it comes from."""
    who = caller(http)
    who.require("apps")
    return ok(_shown(who.workspace_id, app))


@http.put("/apps/<app>")
def put(app: str) -> Answer:
    """Set the workspace's own app, or its override of the catalogue's.

    An override that names other hosts never receives a secret that was sealed for the old ones: those credentials
    are `expired` (`app_changed`) until they are connected again.
    """
    who = live_caller(http)
    who.require("apps")
    refuse_other_names(who.workspace_id, app, (), apps=wiring.apps())
    content = read_json(http.raw)
    if isinstance(content, dict):
        content = {name: value for name, value in cast("dict[str, object]", content).items() if name != "source"}
    loopback = wiring.may_use_loopback(who.workspace_id)
    entry = validated(App, content, root="", strict=True, context={"loopback": loopback})
    if entry.slug != app:
        raise ValidationFailedError([Detail("slug", "The slug must be the one in the address.")])
    refuse_other_names(who.workspace_id, app, entry.aliases, apps=wiring.apps())
    before = wiring.apps().find(who.workspace_id, app)
    wiring.own_apps().put(who.workspace_id, entry)
    _tell_of_change(who.workspace_id, app, before)
    return ok(_shown(who.workspace_id, app))


@http.delete("/apps/<app>")
def delete(app: str) -> Answer:
    """Forget the workspace's own entry: the catalogue's stands again."""
    who = live_caller(http)
    who.require("apps")
    if wiring.own_apps().find(who.workspace_id, app) is None:
        raise NotFoundError("This workspace has no such app of its own.")
    before = wiring.apps().find(who.workspace_id, app)
    wiring.own_apps().delete(who.workspace_id, app)
    _tell_of_change(who.workspace_id, app, before)
    return ok({"success": True})


def _tell_of_change(workspace_id: WorkspaceId, app: str, before: App | None) -> None:
    if goes_elsewhere(before, wiring.apps().find(workspace_id, app)):
        wiring.cleanups().send([{"action": "app_changed", "workspaceId": workspace_id, "app": app}])


def _shown(workspace_id: WorkspaceId, app: str) -> dict[str, object]:
    found = wiring.apps().find(workspace_id, app)
    if found is None:
        raise NotFoundError("There is no such app. GET /metadata/credentials lists them.")
    own, known = wiring.own_apps().find(workspace_id, found.slug), wiring.is_catalogued(found.slug)
    source = "catalogue" if own is None else "override" if known else "own"
    return {**found.model_dump(mode="json", exclude_defaults=True), "source": source}
