"""Acme Shop: the page that plays the engineer's product. Its backend has the API key; the browser never does."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from http.cookies import CookieError, SimpleCookie
from string import Template
from typing import Any

from local.api import Answer, Api
from local.grants import challenge_of, same
from local.onboarding import APP, EVENTS, FILE, KEY_APP, USER, prepare, remember
from local.provider import Provider
from local.state import State
from local.web import STATIC, Asked, Reply, Site, html_reply, json_reply, on_port, parameters, static_reply

COOKIE = "acme_session"
SESSIONS = 1000
EVENTS_KEPT = 50
TOLERANCE_SECONDS = 300
"""Standard Webhooks: an older delivery is a replay."""
SHORT_KEY = timedelta(minutes=1)
PLAIN = frozenset({"tokenType"})
"""What a fresh token's `secret` says beside the secrets."""
SAID = {
    "access_denied": "You said no at Dev Provider. Nothing was connected.",
    "user_mismatch": "Another user began this. Nothing was connected.",
}


@dataclass
class Session:
    """What the backend keeps for one browser."""

    code_verifier: str | None = None
    notice: str | None = None


class Demo(Site):
    """The product's backend and its one page."""

    def __init__(self, port: int, api: Api, provider: Api) -> None:
        super().__init__(port)
        # The SDK comes from the vault, and its dialog's frame too.
        self.content_security_policy = (
            f"default-src 'none'; style-src 'self'; script-src 'self' {api.url}; frame-src {api.url}; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self.webhook_secret: str | None = None
        self.workspace_id = ""
        self._api, self._provider = api, provider
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._events: deque[dict[str, object]] = deque(maxlen=EVENTS_KEPT)
        self._gets: dict[str, Callable[[Asked], Reply]] = {
            "/": self._home,
            "/return": self._return,
            "/events": lambda _: json_reply(200, {"data": list(self._events)}),
            "/credentials": lambda _: _passed_on(self._credentials()),
            "/style.css": lambda _: static_reply("style.css"),
            "/demo.js": lambda _: static_reply("demo.js"),
        }
        self._posts: dict[str, Callable[[Session, dict[str, object]], Reply]] = {
            "/connect/session": self._connect_session,
            "/connect/oauth": self._connect_oauth,
            "/connect/key": self._connect_key,
            "/credentials/token": self._token,
            "/credentials/revoke": self._revoke_at_provider,
            "/credentials/disconnect": self._disconnect,
        }

    def reply_to(self, asked: Asked) -> Reply:
        """A page, an action of its own session, or a webhook."""
        if asked.method == "GET":
            get = self._gets.get(asked.path)
            return get(asked) if get else _failed(404, "There is no such page.")
        if asked.path == "/hook":
            return self._hear(asked)
        post, session = self._posts.get(asked.path), self._session(asked)
        if post is None:
            return _failed(404, "There is no such action.")
        # Every port of this host shares cookies and is the same site: only the origin tells whose page asks.
        if not same(asked.headers.get("origin", ""), self.url) or session is None:
            return _failed(403, "Reload the page and try again.")
        return post(session, asked.json())

    def _session(self, asked: Asked) -> Session | None:
        try:
            cookie = SimpleCookie(asked.headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        return self._sessions.get(cookie.value) if cookie else None

    def _home(self, asked: Asked) -> Reply:
        session, headers = self._session(asked), list[tuple[str, str]]()
        if session is None:
            name, session = secrets.token_urlsafe(32), Session()
            with self._lock:
                while len(self._sessions) >= SESSIONS:
                    self._sessions.pop(next(iter(self._sessions)))
                self._sessions[name] = session
            headers.append(("Set-Cookie", f"{COOKIE}={name}; HttpOnly; SameSite=Lax; Path=/"))
        notice, session.notice = session.notice, None
        page = Template((STATIC / "demo.html").read_text("utf-8"))
        sdk = f"{self._api.url}/sdk/evergrant.js?workspace={self.workspace_id}"
        shown = page.substitute(user=escape(USER), notice=escape(notice or ""), sdk=escape(sdk))
        return html_reply(200, shown, *headers)

    def _connect_session(self, _: Session, body: dict[str, object]) -> Reply:
        """For the user who is logged in here, whatever the browser says; the key stays here, the token goes out."""
        session: dict[str, object] = {"userId": USER}
        if (credential := self._owned(body)) is not None:
            session["credentialId"] = credential["credentialId"]
        answer = self._api.call("POST", "/connect/sessions", session)
        return json_reply(200, {"token": answer.content["token"]}) if answer.ok else _passed_on(answer)

    def _connect_oauth(self, session: Session, body: dict[str, object]) -> Reply:
        # The verifier stays here, in the session of the browser that asked: whoever else comes back has none.
        session.code_verifier = secrets.token_urlsafe(48)
        answer = self._api.get(
            "/oauthUrl",
            userId=USER,
            app=APP,
            returnUrl=f"{self.url}/return",
            codeChallenge=challenge_of(session.code_verifier),
            credentialId=_text(body, "credentialId"),
        )
        return json_reply(200, {"location": answer.content["oauthUrl"]}) if answer.ok else _passed_on(answer)

    def _return(self, asked: Asked) -> Reply:
        given, session = parameters(asked.query), self._session(asked)
        if session is not None:
            session.notice = self._completed(session, given)
        return Reply(303, headers=(("Location", "/"),))

    def _completed(self, session: Session, given: dict[str, str]) -> str:
        """What the merchant is told."""
        verifier, session.code_verifier = session.code_verifier, None
        completion = given.get("completion")
        if not completion:
            code = given.get("error", "")
            code = code if re.fullmatch(r"[a-z_]{1,64}", code) else "unknown"
            return SAID.get(code, f"Dev Provider was not connected: {code}.")
        if verifier is None:
            return "This browser did not begin that. Nothing was connected."
        body = {"completion": completion, "userId": USER, "codeVerifier": verifier}
        answer = self._api.call("POST", "/connect/complete", body)
        if answer.ok:
            return "Dev Provider is connected."
        return SAID.get(str(answer.content.get("code")), f"Dev Provider was not connected: {answer.message}")

    def _connect_key(self, _: Session, body: dict[str, object]) -> Reply:
        credential: dict[str, object] = {"type": KEY_APP, "data": {"apiKey": _text(body, "apiKey") or ""}}
        if body.get("endsSoon") is True:
            credential["expiresAt"] = (datetime.now(UTC) + SHORT_KEY).isoformat()
        return _passed_on(self._api.call("POST", "/credentials", {"userId": USER, "credential": credential}))

    def _credentials(self) -> Answer:
        return self._api.get(f"/users/{USER}/credentials", limit="100")

    def _owned(self, body: dict[str, object]) -> dict[str, Any] | None:
        """The user's credential of that id: the key opens those of every user, the page only its own."""
        found: list[dict[str, Any]] = self._credentials().content.get("data") or []
        return next((each for each in found if each["credentialId"] == body.get("credentialId")), None)

    def _token(self, _: Session, body: dict[str, object]) -> Reply:
        """What a backend would use now; the page sees its ends only."""
        credential = self._owned(body)
        if credential is None:
            return _failed(404, "This is not connected any more.")
        answer = self._api.call("POST", f"/credentials/{credential['credentialId']}/token", {})
        if not answer.ok:
            return _passed_on(answer)
        secret: dict[str, object] = answer.content["secret"]
        masked = {name: value if name in PLAIN else mask(str(value)) for name, value in secret.items()}
        told = {name: answer.content.get(name) for name in ("kind", "expiresAt")}
        return json_reply(200, {**told, "secret": masked, "headers": list(answer.content.get("headers") or {})})

    def _revoke_at_provider(self, _: Session, body: dict[str, object]) -> Reply:
        """As if the merchant had ended it in the provider's own settings; then the vault is asked to look."""
        credential = self._owned(body)
        if credential is None or credential["type"] != APP or not credential["accountId"]:
            return _failed(404, "This has no account at Dev Provider.")
        revoked = self._provider.call("POST", "/dev/revoke-all", {"accountId": credential["accountId"]})
        answer = self._api.call("POST", f"/credentials/{credential['credentialId']}/verify", {})
        return json_reply(
            200,
            {"revoked": revoked.content.get("revoked"), "status": answer.content.get("status") if answer.ok else None},
        )

    def _disconnect(self, _: Session, body: dict[str, object]) -> Reply:
        credential = self._owned(body)
        if credential is None:
            return _failed(404, "This is not connected any more.")
        return _passed_on(self._api.call("DELETE", f"/users/{USER}/credentials/{credential['credentialId']}"))

    def recall(self) -> None:
        """What was told before this start, as the API keeps it; before the first delivery is taken."""
        found: list[dict[str, object]] = self._api.get("/events", limit=str(EVENTS_KEPT)).content.get("data") or []
        self._events.extend({**event, "receivedAt": None} for event in found if event.get("type") in EVENTS)

    def _hear(self, asked: Asked) -> Reply:
        if self.webhook_secret is None:
            return _failed(503, "Not ready yet.")
        if not is_signed(asked, self.webhook_secret, at=time.time()):
            return _failed(401, "The signature is not good.")
        event = asked.json()
        received = {**event, "receivedAt": datetime.now(UTC).isoformat()}
        with self._lock:
            # The same event may come twice, and one that was recalled may come now.
            known = next((n for n, each in enumerate(self._events) if each.get("id") == event.get("id")), None)
            if known is None:
                self._events.appendleft(received)
            elif self._events[known]["receivedAt"] is None:
                self._events[known] = received
        return Reply(204)


def is_signed(asked: Asked, secret: str, *, at: float) -> bool:
    """Standard Webhooks: any of the signatures, over id, time and body, not older than five minutes."""
    id_, timestamp = asked.headers.get("webhook-id", ""), asked.headers.get("webhook-timestamp", "")
    if not id_ or not timestamp.isdecimal() or abs(at - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    digest = hmac.digest(key, f"{id_}.{timestamp}.".encode() + asked.body, hashlib.sha256)
    expected = f"v1,{base64.b64encode(digest).decode()}"
    return any([same(each, expected) for each in asked.headers.get("webhook-signature", "").split()])  # noqa: C419  # each is compared, whatever the first says


def mask(secret: str) -> str:
    """Enough to tell two apart."""
    return f"{secret[:4]}…{secret[-4:]}" if len(secret) >= 16 else "…"


@contextmanager
def demonstrating(state: State, seeded: dict[str, str], api_url: str) -> Generator[str]:
    """The demo's address, while it runs; its ports are the same after a restart, if nobody took them."""
    known = state.read(FILE) or {}
    provider = on_port(lambda port: Provider(port, state), known.get("providerPort", 0))
    provider.redirect_uris = (f"{api_url}/oauth/callback/{seeded['workspaceId']}/{APP}",)
    api = Api(api_url, seeded["apiKey"])
    demo = on_port(lambda port: Demo(port, api, Api(provider.url)), known.get("demoPort", 0))
    demo.workspace_id = seeded["workspaceId"]
    remember(state, providerPort=provider.server_port, demoPort=demo.server_port)
    provider.start()
    demo.start()
    try:
        secret = prepare(state, api, provider, demo.url)
        demo.recall()
        demo.webhook_secret = secret
        yield demo.url
    finally:
        demo.stop()
        provider.stop()


def _text(body: dict[str, object], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def _passed_on(answer: Answer) -> Reply:
    return json_reply(answer.status, answer.content)


def _failed(status: int, message: str) -> Reply:
    return json_reply(status, {"message": message})
