"""Dev Provider: a small OAuth 2 authorization server, and an API that takes keys, for development on loopback only.

Nobody logs in: one picks which store to be. A key is good when it looks like one.
"""

import base64
import binascii
import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from string import Template
from urllib.parse import unquote_plus, urlencode

from local.grants import Grants, InvalidGrantError, same
from local.state import State
from local.web import STATIC, Asked, Reply, Site, html_reply, json_reply, parameters, static_reply

SCOPES = {"profile:read": "See the store's name", "orders:read": "See its orders"}
ACCOUNTS = {"acct_ada": "Ada's Store", "acct_grace": "Grace's Store"}
REQUEST_SECONDS = 600
EXPIRES_IN = 120
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY = re.compile(r"pk_[A-Za-z0-9_-]{1,128}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Request:
    """A validated authorization request that waits for a click."""

    redirect_uri: str
    state: str
    scope: str
    code_challenge: str
    ends: float


class RefusedError(Exception):
    """An OAuth error; the message is its code."""


class Provider(Site):
    """Has one client, whose one redirect URI is set by the launcher."""

    # A form's redirects count too: to the vault, and on to the product.
    content_security_policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self' http://127.0.0.1:* http://localhost:*"
    )

    def __init__(
        self, port: int, state: State, *, expires_in: int = EXPIRES_IN, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(port)
        self.grants = Grants(state, expires_in=expires_in, clock=clock)
        self.redirect_uris: tuple[str, ...] = ()
        self._clock = clock
        self._requests: dict[str, Request] = {}
        self._routes: dict[tuple[str, str], Callable[[Asked], Reply]] = {
            ("GET", "/authorize"): self._ask,
            ("POST", "/authorize"): self._decide,
            ("POST", "/token"): self._token,
            ("POST", "/revoke"): self._revoke,
            ("GET", "/me"): self._me,
            ("GET", "/api/me"): _me_by_key,
            ("POST", "/dev/revoke-all"): self._revoke_all,
            ("GET", "/.well-known/oauth-authorization-server"): lambda _: json_reply(200, self.metadata()),
            ("GET", "/style.css"): lambda _: static_reply("style.css"),
        }

    def reply_to(self, asked: Asked) -> Reply:
        """One of the routes."""
        route = self._routes.get((asked.method, asked.path))
        return route(asked) if route else json_reply(404, {"error": "not_found"})

    def metadata(self) -> dict[str, object]:
        """RFC 8414."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "revocation_endpoint": f"{self.url}/revoke",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": list(SCOPES),
            "authorization_response_iss_parameter_supported": True,
        }

    def _ask(self, asked: Asked) -> Reply:
        given = parameters(asked.query)
        redirect_uri = given.get("redirect_uri", "")
        if not same(given.get("client_id", ""), self.grants.client[0]):
            return _page(400, "<p>This app is not known here.</p>")
        # Nobody is sent to an address that was not registered (RFC 9700, 4.1).
        if not any(same(redirect_uri, known) for known in self.redirect_uris):
            return _page(400, "<p>This app asked to return to an address that it has not registered.</p>")
        try:
            request = self._validated(given, redirect_uri)
        except RefusedError as error:
            return self._back(redirect_uri, given.get("state"), error=str(error))
        now = self._clock()
        self._requests = {each: kept for each, kept in self._requests.items() if kept.ends > now}
        handle = secrets.token_urlsafe(32)
        self._requests[handle] = request
        return _page(200, _consent(handle, request))

    def _validated(self, given: dict[str, str], redirect_uri: str) -> Request:
        if given.get("response_type") != "code":
            raise RefusedError("unsupported_response_type")
        challenge, state = given.get("code_challenge", ""), given.get("state")
        if not state or given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise RefusedError("invalid_request")
        scopes = given.get("scope", "").split() or list(SCOPES)
        if not set(scopes) <= SCOPES.keys():
            raise RefusedError("invalid_scope")
        return Request(redirect_uri, state, " ".join(scopes), challenge, self._clock() + REQUEST_SECONDS)

    def _decide(self, asked: Asked) -> Reply:
        form = parameters(asked.body.decode(errors="replace"))
        # The handle stands on our own page alone, and is good once: no other site can press the button.
        request = self._requests.pop(form.get("request", ""), None)
        account = form.get("account", next(iter(ACCOUNTS)))
        if request is None or request.ends <= self._clock() or account not in ACCOUNTS:
            return _page(400, "<p>This page is over. Go back to the app and begin again.</p>")
        if form.get("decision") != "allow":
            return self._back(request.redirect_uri, request.state, error="access_denied")
        code = self.grants.authorize(account, request.scope, request.redirect_uri, request.code_challenge)
        return self._back(request.redirect_uri, request.state, code=code)

    def _back(self, redirect_uri: str, state: str | None, **answer: str) -> Reply:
        answer |= {"state": state} if state else {}
        query = urlencode({**answer, "iss": self.url})
        return Reply(302, headers=(("Location", f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"),))

    def _token(self, asked: Asked) -> Reply:
        try:
            return json_reply(200, self._tokens(self._from_client(asked)))
        except InvalidGrantError:
            return json_reply(400, {"error": "invalid_grant"})
        except RefusedError as error:
            return _refusal(error)

    def _tokens(self, form: dict[str, str]) -> dict[str, object]:
        """Raises: InvalidGrantError, RefusedError."""
        match form.get("grant_type"):
            case "authorization_code":
                code, verifier = form.get("code"), form.get("code_verifier", "")
                if not code or not _VERIFIER.fullmatch(verifier):
                    raise RefusedError("invalid_request")
                return self.grants.redeem(code, form.get("redirect_uri", ""), verifier)
            case "refresh_token":
                return self.grants.refresh(form.get("refresh_token", ""))
            case _:
                raise RefusedError("unsupported_grant_type")

    def _revoke(self, asked: Asked) -> Reply:
        try:
            form = self._from_client(asked)
        except RefusedError as error:
            return _refusal(error)
        self.grants.revoke(form.get("token", ""))
        return Reply(200)

    def _from_client(self, asked: Asked) -> dict[str, str]:
        """The form of a client that proved itself one way (RFC 6749, 2.3). Raises: RefusedError."""
        if asked.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
            raise RefusedError("invalid_request")
        form = parameters(asked.body.decode(errors="replace"))
        header = asked.headers.get("authorization")
        if header and "client_secret" in form:
            raise RefusedError("invalid_request")
        given = _basic(header) if header else (form.get("client_id", ""), form.get("client_secret", ""))
        known = self.grants.client
        if not same(given[0], known[0]) & same(given[1], known[1]):
            raise RefusedError("invalid_client")
        return form

    def _me(self, asked: Asked) -> Reply:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        account = self.grants.account_of(token.strip()) if scheme.lower() == "bearer" else None
        if account is None:
            return json_reply(401, {"error": "invalid_token"}, ("WWW-Authenticate", 'Bearer error="invalid_token"'))
        return json_reply(200, {"id": account, "name": ACCOUNTS.get(account, account)})

    def _revoke_all(self, asked: Asked) -> Reply:
        """JSON alone: another site's form cannot send it."""
        return json_reply(200, {"revoked": self.grants.revoke_account(str(asked.json().get("accountId")))})


def _me_by_key(asked: Asked) -> Reply:
    key = asked.headers.get("x-api-key", "")
    if not _KEY.fullmatch(key):
        return json_reply(401, {"error": "invalid_key"})
    account = f"acct_{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    return json_reply(200, {"id": account, "name": f"Store {account}"})


def _basic(header: str) -> tuple[str, str]:
    """Id and secret, each form-encoded first (RFC 6749, 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (unquote_plus(user), unquote_plus(password)) if scheme.lower() == "basic" else ("", "")


def _refusal(error: RefusedError) -> Reply:
    if str(error) == "invalid_client":
        return json_reply(401, {"error": "invalid_client"}, ("WWW-Authenticate", 'Basic realm="Dev Provider"'))
    return json_reply(400, {"error": str(error)})


def _page(status: int, content: str) -> Reply:
    page = Template((STATIC / "provider.html").read_text("utf-8"))
    return html_reply(status, page.substitute(content=content))


def _consent(handle: str, request: Request) -> str:
    scopes = "".join(
        f"<li>{escape(SCOPES[scope])} <code>{escape(scope)}</code></li>" for scope in request.scope.split()
    )
    accounts = "".join(f'<option value="{escape(key)}">{escape(name)}</option>' for key, name in ACCOUNTS.items())
    return f"""<p><strong>Acme Shop</strong> would like to:</p>
<ul>{scopes}</ul>
<form method="post" action="/authorize">
<input type="hidden" name="request" value="{escape(handle)}">
<label>Store <select name="account">{accounts}</select></label>
<p class="actions"><button name="decision" value="allow" class="primary">Allow</button>
<button name="decision" value="deny">Deny</button></p>
</form>"""
