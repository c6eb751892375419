"""GET /connect/session and /connect/apps/{app}: what the modal shows."""

from collections.abc import Mapping
from typing import Any

from evergrant.catalogue.loader import listed
from evergrant.catalogue.metadata import metadata
from evergrant.domain.caller import SessionCaller
from evergrant.domain.errors import NotFoundError
from evergrant.domain.times import iso
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, ok, session_caller
from evergrant.use_cases.connect.sessions import show_session

http = Http()
handler = http.handler

BRIEF = ("name", "displayName", "icon", "isOauth", "isReady", "categories")
"""What a list of all apps shows of each."""


@http.get("/connect/session")
def show() -> Answer:
    """User, apps, the credentials there already, branding."""
    who = session_caller(http)
    shown = show_session(
        who, directory=wiring.directory(), credentials=wiring.credentials(), sessions=wiring.sessions()
    )
    session = shown.session
    return ok(
        {
            "workspaceId": session.workspace_id,
            "user": {"userId": shown.user.user_id, "username": shown.user.username, "fullName": shown.user.full_name},
            "hosted": session.hosted,
            "returnUrl": session.return_url,
            "apps": _apps(who),
            "credentialId": session.credential_id,
            "scopes": list(session.scopes),
            "credentials": [
                each.summary()
                | {
                    "missingScopes": list(shown.missing_scopes(each)),
                    "reusable": each.status != "expired" and not shown.missing_scopes(each),
                }
                for each in shown.credentials
            ],
            "branding": {"name": shown.workspace.name, **shown.workspace.branding},
            "origins": list(shown.workspace.origins),
            "locale": session.locale,
            "expiresAt": iso(session.expires_at),
        }
    )


@http.get("/connect/apps/<app>")
def show_app(app: str) -> Answer:
    """One app, with its forms and ways."""
    who = session_caller(http)
    found = wiring.apps().find(who.workspace_id, app)
    if found is None:
        raise NotFoundError("There is no such app.")
    who.require_app(found.slug)
    return ok({"data": _told(metadata(found), wiring.own_apps().with_client(who.workspace_id))})


def _apps(who: SessionCaller) -> list[Mapping[str, Any]]:
    """Those that the session names, in full; all, in brief, where it names none."""
    clients = wiring.own_apps().with_client(who.workspace_id)
    if who.apps:
        found = [wiring.apps().find(who.workspace_id, each) for each in who.apps]
        return [_told(metadata(app), clients) for app in found if app is not None]
    own = wiring.own_apps().all(who.workspace_id)
    apps = {str(each["name"]): each for each in [*listed(), *map(metadata, own)]}
    return [{name: _told(apps[slug], clients)[name] for name in BRIEF} for slug in sorted(apps)]


def _told(shown: Mapping[str, Any], clients: frozenset[str]) -> Mapping[str, Any]:
    """With the icon's whole address, and with what is ready: a redirect needs the workspace's OAuth client."""
    has_client = shown["name"] in clients
    ways = [{**way, "isReady": has_client or not way["isRedirect"]} for way in shown["ways"]]
    ready = any(way["isReady"] for way in ways)
    return {**shown, "icon": f"{http.base_url}{shown['icon']}", "ways": ways, "isReady": ready}
