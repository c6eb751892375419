"""/oauth/callback/{workspaceId}/{app}: where a provider sends the browser back."""

import re
from urllib.parse import quote

from evergrant.runtime import assembly, wiring
from evergrant.runtime.browser import (
    BrowserHttp,
    clear_cookie,
    cookies,
    posted_form,
    redirect,
    released_page,
    told_page,
    with_parameter,
)
from evergrant.runtime.http import Answer
from evergrant.runtime.requests import query_parameters
from evergrant.use_cases.connect.callback import CallbackRequest, Returned, cookie_name, take_callback
from evergrant.use_cases.connect.posted import hold_posted, posted

http = BrowserHttp()
handler = http.handler

HANDLE = re.compile(r"[A-Za-z0-9_-]{43}")


@http.get("/oauth/callback/<workspace_id>/<app>")
def callback(workspace_id: str, app: str) -> Answer:
    """Check everything, then release a one-time completion to whoever began."""
    parameters = query_parameters(http.raw)
    if HANDLE.fullmatch(parameters.get("h", "")) and "state" not in parameters:
        parameters = posted(
            workspace_id,
            app,
            parameters["h"],
            authorizations=wiring.authorizations(),
            sealer=wiring.sealer(),
            clock=wiring.clock(),
        )
    returned = take_callback(
        CallbackRequest(workspace_id, app, parameters, cookies(http)),
        apps=wiring.apps(),
        authorizations=wiring.authorizations(),
        flows=assembly.flows(),
        sealer=wiring.sealer(),
        audit=wiring.audit(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    spent = (clear_cookie(http, cookie_name(returned.authorization.authorization_id)),)
    return_url = returned.authorization.return_url
    if returned.authorization.is_modal:
        return _release(returned, spent)
    if return_url is None:
        return _finish_unbound(returned, spent)
    if returned.completion is None:
        return redirect(303, with_parameter(return_url, "error", returned.error or "provider_error"), cookies=spent)
    return redirect(
        303, with_parameter(return_url, "completion", returned.completion.get_secret_value()), cookies=spent
    )


@http.post("/oauth/callback/<workspace_id>/<app>")
def callback_by_form(workspace_id: str, app: str) -> Answer:
    """Keep what was posted for a minute: the browser comes back for it with its cookie."""
    handle = hold_posted(
        workspace_id,
        app,
        posted_form(http),
        authorizations=wiring.authorizations(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    place = f"{http.base_url}/oauth/callback/{workspace_id}/{quote(app, safe='')}"
    return redirect(303, with_parameter(place, "h", handle.get_secret_value()))


def _release(returned: Returned, spent: tuple[str, ...]) -> Answer:
    about = {"authorizationId": returned.authorization.authorization_id}
    if returned.completion is None:
        about |= {"type": "evergrant:failed", "error": returned.error or "provider_error"}
        return released_page(http, about, cookies=spent)
    about |= {"type": "evergrant:completion", "completion": returned.completion.get_secret_value()}
    return released_page(http, about, cookies=spent)


def _finish_unbound(returned: Returned, spent: tuple[str, ...]) -> Answer:
    if returned.completion is None:
        return told_page(http, "not_connected", "refused", cookies=spent, status=400)
    assembly.completer(wiring.identities()).by_browser(returned.completion)
    return told_page(http, "connected", "is_connected", cookies=spent)
