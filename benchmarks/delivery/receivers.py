"""Receivers of the local stack's notifications on loopback, one of which may misbehave; and changes to tell them of."""

import json
import select
import socket
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition
from uuid import uuid4

from tests.functions.loopback import Asked, Told, provider
from tests.misbehaving import Behaviour
from tests.stack.conftest import Stack, running

KIND = "credential.updated"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One delivery that was taken."""

    path: str
    event_id: str
    delay: float
    """Seconds since it happened."""


@dataclass
class Receivers:
    """Endpoints `/0` to `/<n>`; all take what comes but the first, where `misbehaves` says what it does instead."""

    misbehaves: Behaviour | None
    endpoints: dict[str, str] = field(default_factory=dict[str, str])
    """Ids by paths."""
    arrived: list[Arrived] = field(default_factory=list[Arrived])
    asked: set[str] = field(default_factory=set[str])
    """Events that the first was asked to take."""
    most_open: int = 0
    """Connections to the first at a time."""
    _open: set[socket.socket] = field(default_factory=set[socket.socket])
    _news: Condition = field(default_factory=Condition)

    def answer(self, asked: Asked) -> Told:
        """`Loopback`'s."""
        event = json.loads(asked.body)
        if self.misbehaves and asked.path == "/0":
            self.asked.add(event["id"])
            return Told(instead=self._misbehave)
        delay = time.time() - datetime.fromisoformat(event["timestamp"]).timestamp()
        with self._news:
            self.arrived.append(Arrived(asked.path, event["id"], delay))
            self._news.notify_all()
        return Told(204)

    def wait_for(self, count: int, *, seconds: float) -> None:
        """Until so many arrived. Raises: TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.arrived) >= count, seconds):
                raise TimeoutError(f"{len(self.arrived)} of {count} arrived in {seconds} s")

    def let_go(self) -> None:
        """Every connection that is still open."""
        with self._news:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _misbehave(self, request: BaseHTTPRequestHandler) -> None:
        assert self.misbehaves
        with self._news:
            # Whoever hung up did so before it came again.
            self._open = {each for each in self._open if not _is_over(each)} | {request.connection}
            self.most_open = max(self.most_open, len(self._open))
        try:
            self.misbehaves(request)
        finally:
            with self._news:
                self._open.discard(request.connection)


def _is_over(connection: socket.socket) -> bool:
    try:
        ready, _, _ = select.select([connection], [], [], 0)
        return bool(ready) and connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (OSError, ValueError):
        return True


@contextmanager
def receivers(stack: Stack, count: int, misbehaves: Behaviour | None = None) -> Generator[Receivers]:
    """So many endpoints of the stack's workspace; they go with the block."""
    made = Receivers(misbehaves)
    with provider() as server:
        server.answer = made.answer
        for path in (f"/{number}" for number in range(count)):
            body = {"url": f"{server.url}{path}", "events": [KIND]}
            made.endpoints[path] = stack.request("POST", "/webhooks/endpoints", body).json()["endpointId"]
        try:
            yield made
        finally:
            for each in made.endpoints.values():
                stack.request("DELETE", f"/webhooks/endpoints/{each}")
            made.let_go()


def part_of(sorted_: Sequence[float], part: float) -> float:
    """Such a part of them is no larger: 0.95 is the p95."""
    return sorted_[ceil(part * len(sorted_)) - 1]


def changer(stack: Stack) -> Callable[[], None]:
    """What changes a credential of a new user, and so tells the receivers once."""
    name = f"{uuid4().hex}@example.com"
    credential = {"type": "klaviyo", "data": {"apiKey": "pk_example"}}
    made = stack.request("POST", "/credentials", {"userId": stack.user(name), "credential": credential}).json()

    def change() -> None:
        answer = stack.request("PATCH", f"/credentials/{made['credentialId']}", {"name": uuid4().hex})
        assert answer.status_code == 200, answer.text

    return change


@contextmanager
def stacked() -> Generator[Stack]:
    """What `make run` brings up, empty; it goes with the block."""
    with TemporaryDirectory() as folder, running(Path(folder)) as stack:
        yield stack
