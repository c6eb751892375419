"""/connect/opening: the pop-up, from the click to the provider."""

from typing import Annotated

from evergrant.domain.caller import SessionCaller
from evergrant.domain.errors import BadRequestError
from evergrant.runtime import assembly, wiring
from evergrant.runtime.browser import (
    BrowserHttp,
    cookies,
    form,
    go_page,
    is_form,
    opening_page,
    require_own_page,
    set_cookie,
)
from evergrant.runtime.http import Answer, Strict, secret
from evergrant.runtime.requests import read_body
from evergrant.use_cases.connect.begin import Redirect
from evergrant.use_cases.connect.callback import cookie_name
from evergrant.use_cases.connect.modal import ATTEMPT, Wanted, attempted
from evergrant.use_cases.connect.sessions import recognise_session
from pydantic import Field, SecretStr

http = BrowserHttp()
handler = http.handler

PROPERTY = "properties."


class Binding(Strict):
    """What the frame gave the pop-up."""

    authorization_id: Annotated[str, Field(min_length=1, max_length=64)]
    binder: Annotated[SecretStr, Field(min_length=1, max_length=100)]


@http.get("/connect/opening")
def show() -> Answer:
    """The page that the pop-up opens on: it asks its opener for the binder."""
    return opening_page(http)


@http.post("/connect/opening")
def bind() -> Answer:
    """Trade the binder for the cookie of that one authorization; or a form's token and attempt, for a page."""
    require_own_page(http)
    return _bind_by_form() if is_form(http) else _bind(read_body(http.raw, Binding))


def _bind(body: Binding) -> Answer:
    cookie = cookies(http).get(cookie_name(body.authorization_id))
    going = assembly.opens().with_binder(body.authorization_id, body.binder, cookie=cookie)
    shown = secret(200, {"location": going.location.get_secret_value()})
    shown.headers["set-cookie"] = [_cookie(going)]
    shown.headers["referrer-policy"] = "no-referrer"
    return shown


def _bind_by_form() -> Answer:
    sent = form(http)
    who, attempt = _session(sent.get("token", "")), sent.get("attempt", "")
    if ATTEMPT.fullmatch(attempt) is None:
        raise BadRequestError("Begin again from the page that opened this one.")
    name = attempted(who, attempt)
    cookie = cookies(http).get(cookie_name(name))
    found = wiring.authorizations().get(name)
    if found is None:
        given = {key.removeprefix(PROPERTY): SecretStr(sent[key]) for key in sent if key.startswith(PROPERTY)}
        wanted = Wanted(sent.get("app", ""), given, sent.get("way") or None, sent.get("credentialId") or None)
        found = assembly.begins(http.base_url).in_modal(who, wanted, authorization_id=name).authorization
    going = assembly.opens().onward(found, cookie=cookie)
    return go_page(http, going.location.get_secret_value(), cookies=(_cookie(going),))


def _session(token: str) -> SessionCaller:
    found = recognise_session(f"Bearer {token}", sessions=wiring.sessions(), clock=wiring.clock())
    return found.caller()


def _cookie(going: Redirect) -> str:
    return set_cookie(http, cookie_name(going.authorization_id), going.cookie.get_secret_value())
