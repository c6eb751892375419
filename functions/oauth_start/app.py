"""GET /oauth/start/{authorizationId}: the link of an OAuth round trip, opened in a browser."""

from evergrant.domain.app import App
from evergrant.domain.authorization import Authorization
from evergrant.runtime import assembly, wiring
from evergrant.runtime.browser import BrowserHttp, ask_page, redirect, set_cookie
from evergrant.runtime.http import Answer
from evergrant.use_cases.connect.begin import open_link, start
from evergrant.use_cases.connect.callback import cookie_name

http = BrowserHttp()
handler = http.handler


@http.get("/oauth/start/<authorization_id>")
def open_start(authorization_id: str) -> Answer:
    """A bound flow binds this browser and goes on; an unbound one asks first, and nothing is used up by looking."""
    found = open_link(authorization_id, authorizations=wiring.authorizations(), clock=wiring.clock())
    if found.is_unbound:
        return _ask(found)
    going = start(
        found,
        apps=wiring.apps(),
        clients=wiring.clients(),
        authorizations=wiring.authorizations(),
        flows=assembly.flows(),
        sealer=wiring.sealer(),
        entropy=wiring.entropy(),
    )
    cookie = set_cookie(http, cookie_name(going.authorization_id), going.cookie.get_secret_value())
    return redirect(302, going.location.get_secret_value(), cookies=(cookie,))


def _ask(found: Authorization) -> Answer:
    app: App | None = wiring.apps().find(found.workspace_id, found.app)
    user = wiring.directory().user(found.workspace_id, found.user_id)
    workspace = wiring.directory().workspace(found.workspace_id)
    return ask_page(
        http,
        app=app.name if app else found.app,
        shop=workspace.name if workspace else found.workspace_id,
        user=user.username if user else found.user_id,
        action=f"{http.base_url}/oauth/confirm",
        authorization_id=found.authorization_id,
    )
