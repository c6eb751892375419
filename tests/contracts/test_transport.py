"""Outbound calls against servers that misbehave."""

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.domain.errors import ProviderError, ProviderTimeoutError
from evergrant.ports import HttpAnswer

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(behave: Behaviour) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            try:
                behave(self)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def get(url: str, *, allow_loopback: bool = True, seconds: float = 10, most: int = 1000) -> HttpAnswer:
    transport = CheckedTransport(allow_loopback=allow_loopback)
    return transport.send("GET", url, headers={}, body=None, total_seconds=seconds, max_bytes=most)


def test_attack_53_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def redirect(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        request.send_response(302)
        request.send_header("location", "/elsewhere")
        request.end_headers()

    with serving(redirect) as url:
        answer = get(f"{url}/first")

    assert (answer.status, asked) == (302, ["/first"])


def test_attack_16_an_endless_answer_is_cut_at_the_cap() -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 65536)

    with serving(endless) as url:
        answer = get(url)

    assert len(answer.body) == 1000


def test_attack_59_a_byte_a_second_does_not_hold_a_worker() -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"x")
            time.sleep(0.2)

    with serving(drip) as url, pytest.raises(ProviderTimeoutError):
        get(url, seconds=1)


def test_attack_54_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    def fine(request: BaseHTTPRequestHandler) -> None:
        request.send_response(204)
        request.end_headers()

    with serving(fine) as url:
        answer = get(url)

    assert answer.status == 204


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "0.0.0.0",  # noqa: S104  # an address to be refused
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::7f00:1]",
        "169.254.169.254",
        "169.254.170.2",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_attack_51_no_socket_is_opened_to_an_address_that_is_not_public(
    monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
) -> None:
    opened: list[object] = []

    def count(_: object, address: object) -> None:
        opened.append(address)
        raise OSError

    monkeypatch.setattr("socket.socket.connect", count)

    with pytest.raises(ProviderError):
        get(f"{scheme}://{host}/", allow_loopback=False, seconds=5)
    assert opened == []


def test_the_host_header_names_the_port() -> None:
    asked: list[str] = []

    def note(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers["host"])
        request.send_response(204)
        request.end_headers()

    with serving(note) as url:
        get(url)

    assert asked == [url.removeprefix("http://")]


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.wfile.write(b"x: y\r\n")
        time.sleep(0.05)


def drip_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x")
        time.sleep(0.05)


def say_nothing(request: BaseHTTPRequestHandler) -> None:
    while request.connection.recv(1):
        pass
    raise ConnectionResetError


@pytest.mark.parametrize("behave", [drip_headers, drip_body, say_nothing])
def test_attack_59_what_is_over_is_hung_up(behave: Behaviour) -> None:
    ended = threading.Event()

    def noted(request: BaseHTTPRequestHandler) -> None:
        try:
            behave(request)
        finally:
            ended.set()

    with serving(noted) as url:
        before = threading.active_count()
        with pytest.raises(ProviderTimeoutError):
            get(url, seconds=0.5)
        hung_up = ended.wait(3)
        deadline = time.monotonic() + 3
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.01)

        assert hung_up
        assert threading.active_count() <= before


def test_attack_59_a_handshake_that_drips_is_hung_up() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                # A TLS record that never ends: its header, then a byte at a time.
                connection.sendall(b"\x16\x03\x03\x40\x00")
                while True:
                    connection.sendall(b"\x02")
                    time.sleep(0.05)
            ended.set()

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(ProviderTimeoutError):
            get(f"https://127.0.0.1:{server.getsockname()[1]}/", seconds=0.5)

        # Sooner than the time for connecting is over, which ends a handshake too.
        assert ended.wait(1.5)


@pytest.mark.parametrize("order", [1, -1])
def test_attack_52_one_bad_address_among_good_ones_refuses_all(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    opened: list[object] = []
    addresses = ["93.184.215.14", "127.0.0.1"][::order]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]

    def answer(*_: object, **__: object) -> list[object]:
        return list(found)

    def count(_: object, address: object) -> None:
        opened.append(address)
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", answer)
    monkeypatch.setattr("socket.socket.connect", count)

    with pytest.raises(ProviderError):
        get("https://mixed.example/", allow_loopback=False, seconds=5)
    assert opened == []


def test_attack_52_a_name_is_looked_up_once_and_the_checked_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, int]] = []
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])

    def rebinding(host: str, *_: object, **__: object) -> list[object]:
        # An address is its own answer; only the name's changes.
        found = next(answers) if host.endswith(".example") else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 443))]

    def count(_: object, address: tuple[str, int]) -> None:
        opened.append(address)
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", rebinding)
    monkeypatch.setattr("socket.socket.connect", count)

    with pytest.raises(ProviderError):
        get("https://rebinding.example/", allow_loopback=False, seconds=5)
    assert [address[0] for address in opened] == ["93.184.215.14"]


def test_attack_75_a_bomb_is_unpacked_no_further_than_the_cap() -> None:
    bomb = gzip.compress(b"0" * 100_000_000)
    asked: list[str] = []

    def packed(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers["accept-encoding"])
        request.send_response(200)
        request.send_header("content-encoding", "gzip")
        request.end_headers()
        request.wfile.write(bomb)

    with serving(packed) as url:
        tracemalloc.start()
        answer = get(url, most=1000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert asked == ["identity"]
    assert (answer.body, answer.is_cut) == (b"0" * 1000, True)
    assert peak < 20 * 1024 * 1024
