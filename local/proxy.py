"""The door: PORT's root is the deployed API's root. Loopback only, one thread a request."""

import http.client
import json
import socket
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "server",
        "date",
    }
)
MAX_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's own limit."""
TIMEOUT_SECONDS = 29
GATEWAY_RESPONSES = {401: "UNAUTHORIZED", 403: "ACCESS_DENIED", 404: "MISSING_AUTHENTICATION_TOKEN"}


class Proxy(ThreadingHTTPServer):
    """Knows where the emulator has the API, and the template's gateway answers, which the emulator ignores."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.emulator_port = 0
        self.prefix: str | None = None
        self.answers: dict[str, Any] = {}
        self.home: str | None = None
        """Where a browser goes that opens the bare address: the API has nothing there."""

    def point_to(self, emulator_port: int, outputs: dict[str, str], answers: dict[str, Any]) -> None:
        """From now on requests go there."""
        self.emulator_port, self.answers = emulator_port, answers
        self.prefix = f"/restapis/{outputs['RestApiId']}/{outputs['StageName']}/_user_request_"

    def gateway_answer(self, status: int, request_id: str) -> bytes:
        """What the template says that the gateway itself answers."""
        name = GATEWAY_RESPONSES.get(status, "DEFAULT_4XX" if status < 500 else "DEFAULT_5XX")
        template: str = self.answers[name]["ResponseTemplates"]["application/json"]
        return template.replace("$context.requestId", request_id).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _proxy(self) -> Proxy:
        return cast("Proxy", self.server)

    def _pass_on(self) -> None:
        if self._proxy.home and (self.command, self.path) == ("GET", "/"):
            self._answer(302, [("location", self._proxy.home), ("x-request-id", str(uuid.uuid4()))], b"")
            return
        body = self._body()
        if body is None or self._proxy.prefix is None:
            self._answer(413 if body is None else 503, [], None)
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self._proxy.emulator_port, timeout=TIMEOUT_SECONDS)
        try:
            upstream.putrequest(self.command, self._proxy.prefix + self.path, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP | {"host", "content-length", "expect"}:
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            self._answer(answer.status, answer.getheaders(), content)
        except (OSError, http.client.HTTPException):
            self._answer(502, [], None)
        finally:
            upstream.close()

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            return None
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes | None) -> None:
        ours = any(name.lower() == "x-request-id" for name, _ in headers)
        if not ours:
            request_id = str(uuid.uuid4())
            status = 404 if b"Missing Authentication Token" in (content or b"") else status
            content = self._proxy.gateway_answer(status, request_id) if self._proxy.answers else b"{}"
            headers = [("content-type", "application/json"), ("x-request-id", request_id)]
            self.close_connection = status == 413
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content or b"")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _pass_on  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing: the functions log their requests, and this line would show queries."""


def is_free(port: int) -> bool:
    """Whether the port can be had on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def template_answers(template: dict[str, Any]) -> dict[str, Any]:
    """The template's gateway answers."""
    return json.loads(json.dumps(template["Resources"]["Api"]["Properties"]["GatewayResponses"]))
