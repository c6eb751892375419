"""A webhook receiver that verifies every delivery with Standard Webhooks' own library, and can be told to fail."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """What came in, and how to answer it."""

    url: str = ""
    secret: str = ""
    failures_left: int = 0
    refused: int = 0
    received: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Of each that was received, its names in lower case."""
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The status to answer with."""
        with self._arrived:
            if self.failures_left:
                self.failures_left -= 1
                self.refused += 1
                return 500
            if self.secret:
                Webhook(self.secret).verify(body, headers)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.received.append(json.loads(body))
            self._arrived.notify_all()
            return 204

    def wait_for(self, type_: str, *, seconds: float) -> dict[str, Any]:
        """The first delivery of a type."""
        with self._arrived:
            found = self._arrived.wait_for(lambda: [each for each in self.received if each["type"] == type_], seconds)
        assert found, f"no {type_} within {seconds} s; came: {[each['type'] for each in self.received]}"
        return found[0]


@contextmanager
def receiving() -> Generator[Receiver]:
    """A receiver on loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(receiver.take(body, dict(self.headers.items())))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()
