"""A provider on loopback for one test: it answers what it is told, and remembers what it was asked."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.misbehaving import Behaviour


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Told:
    """One answer."""

    status: int = 200
    content: Any = field(default_factory=dict[str, Any])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    instead: Behaviour | None = None
    """What is done in the place of an answer."""

    def body(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()


@dataclass
class Loopback:
    """The provider; `answer` may be replaced at any time."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list[Asked])
    answer: Callable[[Asked], Told] = lambda _: Told()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """A herd knocks at once, and nobody is to be turned away by the harness."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked may be dead by now, as some tests have it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def provider() -> Generator[Loopback]:
    """A server of its own."""
    told = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            told.asked.append(asked)
            answer = told.answer(asked)
            if answer.instead:
                self.close_connection = True
                with suppress(OSError):
                    answer.instead(self)
                return
            body = answer.body()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
