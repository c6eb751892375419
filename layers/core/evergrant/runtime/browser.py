"""What a browser meets: small pages without external parts, cookies of one authorization, no cross-site posts."""

import html
import json
import secrets
from collections.abc import Mapping
from string import Template
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aws_lambda_powertools.event_handler import Response

from evergrant.domain import errors
from evergrant.runtime.http import Answer, Http
from evergrant.runtime.observability import request_id_of
from evergrant.runtime.requests import body_bytes, header
from evergrant.runtime.words import ENGLISH, Words, words_for

HOST_PREFIX = "__Host-"
COOKIE_SECONDS = 600
MOST_FIELDS = 50
MOST_POSTED = 16 * 1024
_FORM = "application/x-www-form-urlencoded"
_STYLE = (
    ":root{color-scheme:light dark;background:canvas}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1rem}"
    "button,.go{display:inline-block;min-height:2.75rem;padding:.5rem 1.25rem;border:1px solid;border-radius:.5rem}"
    "button,.go{font:inherit;cursor:pointer}"
    "small{opacity:.7}"
)
_PAGE = Template(
    '<!doctype html><html lang="$language" dir="$direction"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><title>$title</title>'
    '<style nonce="$nonce">$style</style></head><body><main><h1>$title</h1>$body</main>$script</body></html>'
)
_FORGET = "history.replaceState(null, '', location.pathname)"
"""What a provider sent along, a code and a state, leaves the address bar and the history."""


_OPENING = """
const words = %s;
const own = location.origin, opener_ = window.opener;
const told = document.getElementById('told');
const say = (message) => opener_ && opener_.postMessage(message, own);
addEventListener('message', async (event) => {
  const sent = event.data;
  if (event.origin !== own || event.source !== opener_ || !sent || sent.type !== 'evergrant:binder') return;
  const body = JSON.stringify({authorizationId: sent.authorizationId, binder: sent.binder});
  try {
    const headers = {'content-type': 'application/json', accept: 'application/json'};
    const answer = await fetch(location.pathname, {method: 'POST', headers, body});
    const found = await answer.json();
    if (answer.ok) return location.replace(found.location);
    told.textContent = found.message;
    told.lang = 'en';
    say({type: 'evergrant:trouble', code: found.code, message: found.message, requestId: found.requestId});
  } catch {
    told.textContent = words.lost;
    say({type: 'evergrant:trouble', code: 'offline', message: told.textContent});
  }
});
if (opener_) say({type: 'evergrant:ready'});
else told.textContent = words.again;
"""
_RELEASED = f"""
const told = %s;
{_FORGET};
if (window.opener) window.opener.postMessage(told, location.origin);
close();
"""


class BrowserHttp(Http):
    """Routes that a browser opens: trouble is a page for people, and the contract's JSON for everybody else."""

    def _refusal(self, error: errors.EvergrantError) -> Answer:
        answer = super()._refusal(error)
        if not wants_page(self.raw):
            answer.headers |= {"cache-control": "no-store", "referrer-policy": "no-referrer"}
            return answer
        words = words_for(self.raw)
        reference = _text(words("reference", id=request_id_of(self.raw)))
        told = f'<p lang="en" dir="ltr">{_text(error.message)}</p><p><small>{reference}</small></p>'
        shown = page(words("failed"), told, words=words, status=answer.status_code, script=_FORGET)
        shown.headers.update({name: value for name, value in answer.headers.items() if name.lower() != "content-type"})
        return shown


def wants_page(event: Mapping[str, Any]) -> bool:
    """Whether a person is looking."""
    return "text/html" in (header(event, "accept") or "")


def page(
    title: str,
    body: str,
    *,
    words: Words = ENGLISH,
    status: int = 200,
    script: str = "",
    style: str = "",
    cookies: tuple[str, ...] = (),
    cached: bool = False,
    images: bool = False,
    referrer: str = "no-referrer",
    connects: bool = False,
) -> Answer:
    """`body`, `script` and `style` are ours: whatever comes from outside was escaped before."""
    nonce = secrets.token_urlsafe(16)
    shown = _PAGE.substitute(
        title=_text(title),
        language=words.language,
        direction=words.direction,
        nonce=nonce,
        style=_STYLE + style,
        body=body,
        script=f'<script nonce="{nonce}">{script}</script>' if script else "",
    )
    source = "'self'" if images else "'none'"
    connect = "; connect-src 'self'" if connects else ""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action 'self'; "
        f"img-src {source}; base-uri 'none'; frame-ancestors 'none'{connect}"
    )
    return Response(
        status,
        "text/html; charset=utf-8",
        shown,
        headers={
            "content-security-policy": policy,
            "referrer-policy": referrer,
            "cache-control": "public, max-age=300" if cached else "no-store",
            "x-frame-options": "DENY",
            **({"set-cookie": list(cookies)} if cookies else {}),
        },
    )


def ask_page(http: Http, *, app: str, shop: str, user: str, action: str, authorization_id: str) -> Answer:
    """Going on is a POST, so that link scanners start nothing."""
    words = words_for(http.raw)
    button = f"<button>{_text(words('go_on'))}</button>"
    form = (
        f'<form method="post" action="{_text(action)}">'
        f'<input type="hidden" name="id" value="{_text(authorization_id)}">{button}</form>'
    )
    # With `no-referrer` a browser would not let the form say where it comes from; the path stays here all the same.
    told = f"<p>{_text(words('asks', app=app, shop=shop, user=user))}</p>{form}"
    return page(words("ask", app=app), told, words=words, referrer="strict-origin")


def go_page(http: Http, location: str, *, cookies: tuple[str, ...]) -> Answer:
    """On to the provider without a redirect: `form-action` would forbid one that answers a form."""
    words = words_for(http.raw)
    link = f'<p><a class="go" rel="noreferrer" href="{_text(location)}">{_text(words("go_on"))}</a></p>'
    script = f"location.replace({_literal(location)})"
    return page(words("moment"), link, words=words, script=script, cookies=cookies)


def opening_page(http: Http) -> Answer:
    """The pop-up before it is bound. It sends no COOP, which would take its opener away."""
    words = words_for(http.raw)
    told = f'<p id="told" role="status">{_text(words("moment"))}</p>'
    script = _OPENING % _literal({key: words(key) for key in ("lost", "again")})
    return page(words("connecting"), told, words=words, script=script, connects=True)


def released_page(http: Http, released: Mapping[str, str], *, cookies: tuple[str, ...]) -> Answer:
    """The end of a modal's pop-up: what it brought goes to the opener, if that is ours, and the window closes."""
    words = words_for(http.raw)
    told = f"<p>{_text(words('may_close'))}</p>"
    return page(words("moment"), told, words=words, script=_RELEASED % _literal(dict(released)), cookies=cookies)


def require_own_page(http: Http) -> None:
    """A browser says so itself, in headers that no page can set. Raises: ForbiddenError (`cross_site`)."""
    own = urlsplit(http.base_url)
    origin, site = header(http.raw, "origin"), header(http.raw, "sec-fetch-site")
    if origin != f"{own.scheme}://{own.netloc}" or site != "same-origin":
        raise errors.ForbiddenError("This is for our own pages alone.", code="cross_site")


def told_page(http: Http, title: str, told: str, *, cookies: tuple[str, ...] = (), status: int = 200) -> Answer:
    """The end of a flow that nobody waits for; `title` and `told` are keys of words."""
    words = words_for(http.raw)
    body = f"<p>{_text(words(told))}</p><p>{_text(words('may_close'))}</p>"
    return page(words(title), body, words=words, cookies=cookies, status=status, script=_FORGET)


def redirect(status: int, location: str, *, cookies: tuple[str, ...] = ()) -> Answer:
    """302 to a provider, 303 back to the owner."""
    headers: dict[str, str | list[str]] = {
        "location": location,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
    }
    if cookies:
        headers["set-cookie"] = list(cookies)
    return Response(status, "text/plain", "", headers=headers)


def with_parameter(url: str, name: str, value: str) -> str:
    """The registered address, with one more parameter."""
    from urllib.parse import quote

    return f"{url}{'&' if urlsplit(url).query else '?'}{name}={quote(value, safe='')}"


def set_cookie(http: Http, name: str, value: str) -> str:
    """HttpOnly, Lax, of this host alone; `__Host-` on https."""
    return _cookie(http, name, value, COOKIE_SECONDS)


def clear_cookie(http: Http, name: str) -> str:
    """Gone."""
    return _cookie(http, name, "", 0)


def cookies(http: Http) -> dict[str, str]:
    """By their names without the prefix; on https only those that have it. What others have set is passed over."""
    prefix = _prefix(http)
    pairs = [each.strip().partition("=") for each in (header(http.raw, "cookie") or "").split(";")]
    return {name.removeprefix(prefix): value for name, _, value in pairs if name.startswith(prefix)}


def is_form(http: Http) -> bool:
    """Whether a form is posted."""
    return (header(http.raw, "content-type") or "").partition(";")[0].strip().lower() == _FORM


def form(http: Http) -> dict[str, str]:
    """The fields of our own form. Raises: UnsupportedMediaTypeError, ForbiddenError when another site posts it."""
    if not is_form(http):
        raise errors.UnsupportedMediaTypeError("Use the button of the page.")
    own = urlsplit(http.base_url)
    origin, site = header(http.raw, "origin"), header(http.raw, "sec-fetch-site")
    if (origin is not None and origin != f"{own.scheme}://{own.netloc}") or site not in (None, "same-origin"):
        raise errors.ForbiddenError("Use the button of the page itself.", code="cross_site")
    try:
        return dict(parse_qsl(body_bytes(http.raw).decode("ascii"), max_num_fields=MOST_FIELDS))
    except ValueError:
        raise errors.BadRequestError("Use the button of the page.") from None


def posted_form(http: Http) -> dict[str, str]:
    """The fields that another site's form sent, each once; nothing is believed of them yet.

    Raises: UnsupportedMediaTypeError, TooLargeError, BadRequestError.
    """
    if not is_form(http):
        raise errors.UnsupportedMediaTypeError("This address is for an app's answer.")
    body = body_bytes(http.raw)
    if len(body) > MOST_POSTED:
        raise errors.TooLargeError("This is more than an app's answer.")
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise errors.BadRequestError("This address is for an app's answer.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise errors.BadRequestError("Send each parameter once.", code="duplicate_parameter")
    return dict(pairs)


def _cookie(http: Http, name: str, value: str, seconds: int) -> str:
    secure = "; Secure" if _prefix(http) else ""
    return f"{_prefix(http)}{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _prefix(http: Http) -> str:
    return HOST_PREFIX if http.base_url.startswith("https://") else ""


def _literal(value: object) -> str:
    """Of JavaScript. `<` is escaped: no value can end the script."""
    return json.dumps(value).replace("<", chr(92) + "u003c")


def _text(value: str) -> str:
    return html.escape(value, quote=True)
