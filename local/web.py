"""Small servers on loopback: what the demo's product and its provider share."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

MAX_BODY_BYTES = 256 * 1024
IDLE_SECONDS = 30
STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Their names in lower case."""
    body: bytes

    def json(self) -> dict[str, object]:
        """The body. Raises: BadRequestError."""
        try:
            content: object = json.loads(self.body)
        except ValueError:
            content = None
        if not isinstance(content, dict) or self.headers.get("content-type", "").split(";")[0] != "application/json":
            raise BadRequestError("Send a JSON object as application/json.")
        return cast("dict[str, object]", content)


@dataclass(frozen=True)
class Reply:
    """What goes back."""

    status: int
    content: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class BadRequestError(Exception):
    """The request cannot be read; the message says why."""


class Site(ThreadingHTTPServer):
    """One server on 127.0.0.1; a subclass says what it answers."""

    daemon_threads = True
    content_security_policy = "default-src 'none'"

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def reply_to(self, asked: Asked) -> Reply:
        """The answer. Raises: BadRequestError."""
        raise NotImplementedError

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def start(self) -> None:
        """Serve until stopped."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def stop(self) -> None:
        """Only after `start`."""
        self.shutdown()
        self.server_close()


Made = TypeVar("Made", bound=Site)


def on_port(make: Callable[[int], Made], remembered: int) -> Made:
    """On the remembered port; on any free one when somebody else has it."""
    try:
        return make(remembered)
    except OSError:
        return make(0)


def json_reply(status: int, content: object, *headers: tuple[str, str]) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(content).encode(), (("Content-Type", "application/json"), *headers))


def html_reply(status: int, page: str, *headers: tuple[str, str]) -> Reply:
    """A page, whose values were escaped where they were put in."""
    return Reply(status, page.encode(), (("Content-Type", "text/html; charset=utf-8"), *headers))


def static_reply(name: str) -> Reply:
    """A style sheet or script of ours."""
    path = STATIC / name
    return Reply(200, path.read_bytes(), (("Content-Type", TYPES[path.suffix]),))


def parameters(text: str) -> dict[str, str]:
    """A query or form, each parameter once (RFC 6749, 3.1). Raises: BadRequestError."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise BadRequestError("The parameters cannot be read.") from None
    single = dict(pairs)
    if len(single) != len(pairs):
        raise BadRequestError("A parameter came twice.")
    return {name: value for name, value in single.items() if value}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def _serve(self) -> None:
        site = cast("Site", self.server)
        # Another name for this address would be another site's page, rebound to it.
        # The port may be missing: the client of the vault's webhooks leaves it out.
        if (self.headers.get("Host") or "").partition(":")[0] != "127.0.0.1":
            self._send(Reply(421, f"Open {site.url}\n".encode()), close=True)
            return
        body = self._body()
        if body is None:
            self._send(json_reply(413, {"message": "Send a shorter body, with its length."}), close=True)
            return
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            # The answer to HEAD is that to GET without its content (RFC 9110, 9.3.2): the SDK asks its own page so.
            method = "GET" if self.command == "HEAD" else self.command
            reply = site.reply_to(Asked(method, target.path, target.query, headers, body))
        except BadRequestError as error:
            reply = json_reply(400, {"error": "invalid_request", "message": str(error)})
        self._send(reply)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return None
        return self.rfile.read(int(length))

    def _send(self, reply: Reply, *, close: bool = False) -> None:
        self.close_connection = self.close_connection or close
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", cast("Site", self.server).content_security_policy)
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.content)

    do_GET = do_HEAD = do_POST = _serve  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing: the line would show codes and completions."""
