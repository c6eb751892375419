"""The door: PORT's root is the deployed API's root. Loopback only, one thread a request."""

import http.client
import json
import socket
import threading
import uuid
from contextlib import closing, suppress
from http import HTTPStatus
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
CHUNK_LINE = 4096
LINGER_SECONDS = 2
TIMEOUT_SECONDS = 29
AT_ONCE = 8
"""Each request in flight may start a worker of its own: so many that a small machine starts them in good time."""
GATEWAY_RESPONSES = {
    "MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
    "UnauthorizedException": "UNAUTHORIZED",
    "AccessDeniedException": "ACCESS_DENIED",
    "AuthorizerConfigurationException": "AUTHORIZER_FAILURE",
    "BadRequestException": "BAD_REQUEST_BODY",
    "TooManyRequestsException": "THROTTLED",
}
"""The gateway's types by what the emulator calls them in `x-amzn-ErrorType`."""


class Proxy(ThreadingHTTPServer):
    """Knows where the emulator has the API, and the template's gateway answers, which the emulator ignores."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.emulator_port = 0
        self.prefix = ""
        self.answers: dict[str, Any] = {}
        self.slots = threading.BoundedSemaphore(AT_ONCE)
        """The others wait here, where the gateway's time has not begun."""
        self.home: str | None = None
        """Where a browser goes that opens the bare address: the API has nothing there."""

    def point_to(self, emulator_port: int, outputs: dict[str, str], answers: dict[str, Any]) -> None:
        """From now on requests go there."""
        self.emulator_port, self.answers = emulator_port, answers
        self.prefix = f"/restapis/{outputs['RestApiId']}/{outputs['StageName']}/_user_request_"

    def gateway_answer(self, type_: str, status: int) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the template says that the gateway itself answers: status, headers, body."""
        default = "DEFAULT_4XX" if status < 500 else "DEFAULT_5XX"
        answer: dict[str, Any] = self.answers.get(type_) or self.answers[default]
        request_id = str(uuid.uuid4())
        sources: dict[str, str] = answer["ResponseParameters"]["Headers"]
        headers = {
            name: request_id if source == "context.requestId" else source.strip("'") for name, source in sources.items()
        }
        body: str = answer["ResponseTemplates"]["application/json"].replace("$context.requestId", request_id)
        return answer.get("StatusCode", status), [("content-type", "application/json"), *headers.items()], body.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _proxy(self) -> Proxy:
        return cast("Proxy", self.server)

    def _pass_on(self) -> None:
        if self._proxy.home and (self.command, self.path) == ("GET", "/"):
            self._send(302, [("location", self._proxy.home), ("x-request-id", str(uuid.uuid4()))], b"")
            return
        try:
            body = self._body()
        except ValueError:
            self.send_error(400)
            return
        if body is None:
            self._refuse("REQUEST_TOO_LARGE", 413)
            self._hang_up()
            return
        try:
            with self._proxy.slots:
                answer = self._asked(body)
        except TimeoutError:
            self._refuse("INTEGRATION_TIMEOUT", 504)
        except (OSError, http.client.HTTPException):
            self._refuse("INTEGRATION_FAILURE", 502)
        else:
            self._pass_back(*answer)

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self._proxy.emulator_port, timeout=TIMEOUT_SECONDS)
        with closing(upstream):
            upstream.putrequest(self.command, f"{self._proxy.prefix}{self.path}", skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP | {"host", "content-length", "expect"}:
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def _body(self) -> bytes | None:
        """None where it is larger than the gateway takes. Raises: ValueError where its length cannot be told."""
        if self.headers.get("Transfer-Encoding"):
            return self._chunks()
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdecimal()):
            raise ValueError("no length")
        return self.rfile.read(int(length)) if int(length) <= MAX_BODY_BYTES else None

    def _chunks(self) -> bytes | None:
        """RFC 9112, 7.1."""
        if self.headers["Transfer-Encoding"].strip().lower() != "chunked" or self.headers.get("Content-Length"):
            raise ValueError("not chunked, or two lengths")
        body = b""
        while size := int(self.rfile.readline(CHUNK_LINE).partition(b";")[0], 16):
            if size < 0 or len(body) + size > MAX_BODY_BYTES:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(CHUNK_LINE)
        while self.rfile.readline(CHUNK_LINE).strip():
            pass
        return body

    def _hang_up(self) -> None:
        """Take in what is still being sent, for a while: closed at once, the client would never see the answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LINGER_SECONDS)
        with suppress(OSError):
            while self.connection.recv(65536):
                pass

    def _pass_back(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        told = {name.lower(): value for name, value in headers}
        if "x-request-id" in told:
            self._send(status, headers, content)
        else:
            self._refuse(GATEWAY_RESPONSES.get(told.get("x-amzn-errortype", ""), ""), status)

    def _refuse(self, type_: str, status: int) -> None:
        self._send(*self._proxy.gateway_answer(type_, status))

    def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002  # http.server's
        """What http.server itself refuses: a method that it does not know, or a request that it cannot read."""
        self.close_connection = True
        self._refuse(*(("MISSING_AUTHENTICATION_TOKEN", 403) if code == HTTPStatus.NOT_IMPLEMENTED else ("", 400)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _pass_on  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing: the functions log their requests, and this line would show queries."""


def template_answers(template: dict[str, Any]) -> dict[str, Any]:
    """The template's gateway answers."""
    return json.loads(json.dumps(template["Resources"]["Api"]["Properties"]["GatewayResponses"]))
