"""POST /oauth/confirm: the button of the page that asks."""

from evergrant.domain.errors import ConnectError
from evergrant.runtime import assembly, wiring
from evergrant.runtime.browser import BrowserHttp, form, go_page, set_cookie
from evergrant.runtime.http import Answer
from evergrant.use_cases.connect.begin import open_link, start
from evergrant.use_cases.connect.callback import cookie_name

http = BrowserHttp()
handler = http.handler


@http.post("/oauth/confirm")
def confirm() -> Answer:
    """Bind this browser, and go on to the provider."""
    found = open_link(form(http).get("id", ""), authorizations=wiring.authorizations(), clock=wiring.clock())
    if not found.is_unbound:
        raise ConnectError("This link is not known here. Ask for a new one.", code="link_unknown")
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
    return go_page(http, going.location.get_secret_value(), cookies=(cookie,))
