"""Outbound calls against servers that misbehave."""

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.domain.errors import ProviderTimeoutError
from evergrant.ports.http import HttpAnswer

from tests.misbehaving import Behaviour, drip_body, drip_headers, pour, say_nothing


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


def test_attack_16_an_endless_answer_is_cut_at_the_cap() -> None:
    with serving(pour) as url:
        answer = get(url)

    assert len(answer.body) == 1000


def test_attack_59_a_byte_a_second_does_not_hold_a_worker() -> None:
    with serving(partial(drip_body, pause=0.2)) as url, pytest.raises(ProviderTimeoutError):
        get(url, seconds=1)


def test_the_host_header_names_the_port() -> None:
    asked: list[str] = []

    def note(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers["host"])
        request.send_response(204)
        request.end_headers()

    with serving(note) as url:
        get(url)

    assert asked == [url.removeprefix("http://")]


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
