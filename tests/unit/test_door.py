"""The local door: what it passes on, and that it answers by itself only as the template has the gateway answer."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.packaging import load_template
from local.proxy import AT_ONCE, Proxy, template_answers

ANSWERS = template_answers(load_template())
OUTPUTS = {"RestApiId": "api", "StageName": "v1"}


@dataclass
class Door:
    """The door before an emulator that answers what it is told."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    bodies: list[bytes] = field(default_factory=list[bytes])
    meet: Callable[[], object] = lambda: None  # what a request does before it is answered

    def send(self, method: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, "/users", body, headers)  # type: ignore[arg-type]  # bytes, or parts of them
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


@pytest.fixture
def door() -> Iterator[Door]:
    told = Door()

    class Emulator(BaseHTTPRequestHandler):
        def _any(self) -> None:
            told.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            told.meet()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST = do_HEAD = _any  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Emulator) as emulator, Proxy(0) as proxy:
        emulator.block_on_close = proxy.block_on_close = False
        proxy.point_to(emulator.server_port, OUTPUTS, ANSWERS)
        told.port = proxy.server_port
        for each in (emulator, proxy):
            threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
        yield told
        proxy.shutdown()
        emulator.shutdown()


def expected(type_: str) -> dict[str, object]:
    return json.loads(ANSWERS[type_]["ResponseTemplates"]["application/json"])


def shape(content: bytes) -> dict[str, object]:
    return {**json.loads(content), "requestId": "$context.requestId"}


def test_a_chunked_body_is_read(door: Door) -> None:
    door.headers = {"x-request-id": "r-1"}

    status, headers, _ = door.send("POST", iter([b'{"username"', b': "ada"}']))

    assert (status, headers["x-request-id"]) == (200, "r-1")
    assert door.bodies == [b'{"username": "ada"}']


def at_once(body: bytes) -> object:
    return body


def in_chunks(body: bytes) -> object:
    return iter([body])


@pytest.mark.parametrize("sent", [at_once, in_chunks])
def test_a_body_over_the_gateways_limit_is_too_large(door: Door, sent: Callable[[bytes], object]) -> None:
    large = sent(b"x" * (11 * 1024 * 1024))

    status, headers, content = door.send("POST", large)

    assert (status, json.loads(content)["code"]) == (413, "too_large")
    assert headers["x-request-id"] == json.loads(content)["requestId"]
    assert door.bodies == []


def test_a_crowd_comes_in_lots_that_a_small_machine_can_serve(door: Door) -> None:
    lot, counted, within, most = threading.Barrier(AT_ONCE), threading.Lock(), 0, 0

    def meet() -> None:
        nonlocal within, most
        with counted:
            within += 1
            most = max(most, within)
        lot.wait(30)
        with counted:
            within -= 1

    door.meet = meet
    with ThreadPoolExecutor(3 * AT_ONCE) as crowd:
        statuses = [each[0] for each in crowd.map(door.send, ["GET"] * 3 * AT_ONCE)]

    assert statuses == [200] * 3 * AT_ONCE
    assert most == AT_ONCE


@pytest.mark.parametrize("method", ["TRACE", "BREW"])
def test_a_method_that_nobody_knows_is_no_route(door: Door, method: str) -> None:
    status, headers, content = door.send(method)

    assert (status, shape(content)) == (404, expected("MISSING_AUTHENTICATION_TOKEN"))
    assert headers["x-request-id"] == json.loads(content)["requestId"]


def test_head_of_no_route_is_404(door: Door) -> None:
    door.status, door.headers = 403, {"x-amzn-ErrorType": "MissingAuthenticationTokenException"}

    status, headers, content = door.send("HEAD")

    assert (status, content) == (404, b"")
    assert headers["x-request-id"]


@pytest.mark.parametrize(
    ("status", "type_", "name"),
    [
        (401, "UnauthorizedException", "UNAUTHORIZED"),
        (403, "AccessDeniedException", "ACCESS_DENIED"),
        (403, "MissingAuthenticationTokenException", "MISSING_AUTHENTICATION_TOKEN"),
        (500, "AuthorizerConfigurationException", "AUTHORIZER_FAILURE"),
        (502, "", "DEFAULT_5XX"),
    ],
)
def test_what_the_gateway_answers_is_the_templates(door: Door, status: int, type_: str, name: str) -> None:
    door.status, door.headers = status, {"x-amzn-ErrorType": type_}

    answered, headers, content = door.send("GET")

    assert (answered, shape(content)) == (ANSWERS[name]["StatusCode"], expected(name))
    assert headers.get("retry-after") == ("5" if answered == 503 else None)
    assert headers["x-request-id"] == json.loads(content)["requestId"]


def test_only_the_template_adds_the_request_id(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.status = 401
    monkeypatch.setitem(ANSWERS, "DEFAULT_4XX", {**ANSWERS["DEFAULT_4XX"], "ResponseParameters": {"Headers": {}}})

    _, headers, _ = door.send("GET")

    assert "x-request-id" not in headers


@pytest.mark.parametrize("raw", [b"GET / x HTTP/1.1\r\n\r\n", b"POST /users HTTP/1.1\r\ncontent-length: abc\r\n\r\n"])
def test_what_cannot_be_read_is_a_bad_request(door: Door, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(raw)
        answer = http.client.HTTPResponse(connection)
        answer.begin()

        assert (answer.status, json.loads(answer.read())["code"]) == (400, "bad_request")
