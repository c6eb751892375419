"""A product's page on another site than Evergrant: `localhost`, where Evergrant is on 127.0.0.1."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import urlsplit

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Settings of a shop</title>
<script src="{api}/sdk/evergrant.js?workspace={workspace}"></script><script src="/shop.js" defer></script></head>
<body style="font-family:system-ui;margin:2rem"><main><h1>Settings</h1><p>Where a merchant connects other apps.</p>
<button id="go">Connect an app</button> <output id="told"></output></main></body></html>"""

SCRIPT = """
const wanted = JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D"));
const token = async () => (await (await fetch("/token", {method: "POST"})).json()).token;
window.events = [];
const evergrant = Evergrant().onTokenExpired(token).onEvent((event) => window.events.push(event));
window.evergrant = evergrant;
document.getElementById("go").addEventListener("click", async () => {
  const told = document.getElementById("told");
  told.textContent = "";
  try {
    evergrant.setToken(await token());
    told.textContent = JSON.stringify(await evergrant.connect(wanted));
  } catch (error) {
    told.textContent = JSON.stringify({error: error.code, requestId: error.requestId});
  }
});
"""


class Shop(ThreadingHTTPServer):
    """`token` makes a session of the user who is logged in; `headers` go with the page."""

    daemon_threads = True

    def __init__(self, api: str, workspace: str, token: Callable[[], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api, self.workspace, self.token = api, workspace, token
        self.headers: Mapping[str, str] = {}
        self.pages = {"/return": "<!doctype html><title>Back</title><h1>Back</h1>"}
        self.url = f"http://localhost:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away."""


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        shop = cast("Shop", self.server)
        path = urlsplit(self.path).path
        if self.command == "POST" and path == "/token":
            self._send("application/json", json.dumps({"token": shop.token()}))
        elif path == "/shop.js":
            self._send("text/javascript", SCRIPT)
        elif path in shop.pages:
            self._send("text/html", shop.pages[path])
        elif path == "/":
            self._send("text/html", PAGE.format(api=shop.api, workspace=shop.workspace), shop.headers)
        else:
            self.send_error(404)

    def _send(self, media_type: str, content: str, headers: Mapping[str, str] | None = None) -> None:
        body = content.encode()
        self.send_response_only(200)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing."""
