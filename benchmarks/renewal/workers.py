"""Invocations in processes of their own: true concurrency, and a kill -9 or a stop that nothing in them can answer.

The emulator's own workers would do the same more slowly, and cannot be killed one by one. These are forked, so that a
thousand invocations cost no thousand imports; each is a cold environment with connections of its own, runs the real
handlers over the emulator's tables and queues, and asks the provider over HTTP. Virtual time comes with each task.
"""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.exceptions import ConnectionClosedError
from evergrant.adapters import aws
from evergrant.adapters.dynamodb import renewals
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.domain import renewal
from evergrant.domain.times import iso
from evergrant.ports.http import HttpAnswer
from evergrant.runtime import assembly, wiring

from benchmarks.renewal.emulated import emulated
from benchmarks.report import progress_over
from tests.functions.deployment import Functions, LambdaContext, deployed, forget_wiring
from tests.functions.grants import Herd, herd
from tests.functions.passing import Call, passing

UNPACED = ({"requests": 100_000, "seconds": 1},)
"""Of an app that takes all at once: whoever has a message asks now, and is there to be killed."""
LIFE_OF_AN_INVOCATION = timedelta(minutes=5)
"""And this for an answer of AWS, or of the provider: what is shown does not depend on the machine's speed."""
FORK = multiprocessing.get_context("fork")


def nothing() -> None:
    """What happens while they work, if nothing does."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does."""

    at: datetime
    reads: Sequence[str] = ()
    """Credentials whose secret it asks for, one after the other, and tries at the provider."""
    renews: Mapping[str, datetime | None] = field(default_factory=dict[str, datetime | None])
    """Credentials that came due, and when: one message of the queue."""
    refused: bool = False
    """Whether storage takes no new secret."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader was told."""

    credential_id: str
    status: int
    code: str | None
    works: bool
    """Whether the provider took the token."""


@dataclass
class Crew:
    """So many processes; one that was killed is followed by another."""

    herd: Herd
    leases: bool = True
    """Whether they have leases: the twin has none."""
    running: dict[int, tuple[Any, Connection]] = field(default_factory=dict[int, tuple[Any, Connection]])
    killed: int = 0
    _doomed: set[int] = field(default_factory=set[int])

    def work(self, tasks: Sequence[Task], during: Callable[[], object] = nothing) -> list[list[Read] | None]:
        """Each by one process, all at once; None of one that was killed."""
        self.begin(tasks)
        during()
        return self.answers(range(len(tasks)))

    def begin(self, tasks: Sequence[Task]) -> None:
        """Each by the process of its number."""
        for number, task in enumerate(tasks):
            if number not in self.running:
                self.running[number] = self._forked()
            self.running[number][1].send(task)

    def answers(self, numbers: Iterable[int]) -> list[list[Read] | None]:
        """Of these, once they have one."""
        found = [self._answer(number) for number in numbers]
        self._bury()
        return found

    def pid(self, number: int) -> int:
        return self.running[number][0].pid

    def kill(self, number: int) -> None:
        """As the machine would: at once, whatever it is doing."""
        self._doomed.add(number)
        os.kill(self.pid(number), signal.SIGKILL)

    def cool(self) -> None:
        """Every process ends: the next are cold."""
        for process, pipe in self.running.values():
            pipe.close()
            process.kill()
            process.join()
        self.running.clear()

    def _answer(self, number: int) -> list[Read] | None:
        try:
            answer = self.running[number][1].recv()
        except (EOFError, ConnectionResetError):
            return None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _bury(self) -> None:
        for number in self._doomed:
            process, pipe = self.running.pop(number)
            process.join()
            pipe.close()
        self.killed += len(self._doomed)
        self._doomed.clear()

    def _forked(self) -> tuple[Any, Connection]:
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=_serve, args=(theirs, self.herd, self.leases), daemon=True)
        process.start()
        theirs.close()
        return process, ours


@contextmanager
def crew(herd: Herd, *, leases: bool = True) -> Generator[Crew]:
    """They go with the block."""
    # What is imported here need not be imported by each of them.
    assembly.renewer()
    wiring.http_client().send("GET", f"{herd.url}/", headers={}, body=None, total_seconds=60, max_bytes=1)
    made = Crew(herd, leases)
    try:
        yield made
    finally:
        made.cool()


@contextmanager
def crewed(credentials: int, *, overlap: timedelta = timedelta(0), leases: bool = True) -> Generator[Crew]:
    """A crew for a herd in a deployment of its own; all of it goes with the block."""
    with deployed(emulated) as functions, herd(functions, credentials, overlap=overlap, limits=UNPACED) as herd_:
        with crew(herd_, leases=leases) as made:
            yield made
        progress_over()


def unusable(answers: Iterable[Sequence[Read] | None]) -> int:
    """Reads that brought no token that the provider takes; of a reader who was killed nothing is known."""
    return sum(not each.works for found in answers for each in found or ())


@contextmanager
def killing(
    crew: Crew, numbers: Sequence[int], *, within: float, chance: random.Random
) -> Generator[Callable[[], None]]:
    """To be called while they work: each of these dies at some moment within so many seconds."""
    moments = sorted((chance.uniform(0, within), number) for number in numbers)

    def kill() -> None:
        began = time.monotonic()
        for moment, number in moments:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            crew.kill(number)

    yield kill


@contextmanager
def killing_inside(crew: Crew, number: int, grant: str) -> Generator[None]:
    """This one dies when the provider has spent its grant's token, and has said nothing yet."""

    def kill(asked_for: str) -> None:
        if asked_for == grant:
            crew.kill(number)

    provider, before = crew.herd.provider, crew.herd.provider.before_answering
    provider.before_answering = kill
    yield
    provider.before_answering = before


def _serve(pipe: Connection, herd: Herd, leases: bool) -> None:  # noqa: FBT001  # of a process
    """Until the pipe is closed."""
    forget_wiring()
    aws.READ_SECONDS = LIFE_OF_AN_INVOCATION // timedelta(seconds=1)
    with _patient(), nullcontext() if leases else _without_leases():
        while True:
            try:
                task: Task = pipe.recv()
            except EOFError:
                return
            try:
                pipe.send(_done(task, herd))
            except Exception as error:  # noqa: BLE001  # the other process raises it
                pipe.send(error)


def _done(task: Task, herd: Herd) -> list[Read]:
    herd.time.at = task.at
    with _no_new_secret() if task.refused else nullcontext():
        if task.renews:
            messages = [{"credentialId": each, "due": iso(due)} for each, due in task.renews.items() if due]
            records = [{"messageId": str(n), "body": json.dumps(each)} for n, each in enumerate(messages)]
            herd.functions.invoke("renew", {"Records": records}, _context())
        return [_read(each, herd.functions) for each in task.reads]


def _context() -> LambdaContext:
    ends = time.monotonic() + LIFE_OF_AN_INVOCATION.total_seconds()
    return LambdaContext(remaining=lambda: timedelta(seconds=ends - time.monotonic()))


def _read(credential_id: str, functions: Functions) -> Read:
    event = functions.event("POST", f"/credentials/{credential_id}/token", {})
    answer = functions.invoke("fresh_token", event, _context())
    body = json.loads(answer["body"])
    works = answer["statusCode"] == 200 and _is_taken(body["baseUrl"], body["headers"])
    return Read(credential_id, answer["statusCode"], body.get("code"), works)


def _is_taken(base_url: str, headers: Mapping[str, str]) -> bool:
    provider = HTTPConnection(urlsplit(base_url).netloc, timeout=30)
    try:
        provider.request("GET", "/me", headers=dict(headers))
        return provider.getresponse().status == 200
    finally:
        provider.close()


@contextmanager
def _patient() -> Generator[None]:
    send = CheckedTransport.send

    def patient(self: CheckedTransport, *asked: Any, **more: Any) -> HttpAnswer:
        return send(self, *asked, **{**more, "total_seconds": LIFE_OF_AN_INVOCATION.total_seconds()})

    with patch.object(CheckedTransport, "send", patient):
        yield


@contextmanager
def _without_leases() -> Generator[None]:
    """The twin: whoever finds a token old asks the provider."""

    def free(*_: object, **__: object) -> bool:
        return True

    with patch.object(renewal, "lease_is_free", free), patch.object(renewals, "_AS_READ", ()):
        yield


@contextmanager
def _no_new_secret() -> Generator[None]:
    """DynamoDB refuses every write that carries a new secret."""

    def refusing(client: Any, name: str, parameters: dict[str, Any], call: Call) -> Any:
        if name in ("TransactWriteItems", "UpdateItem") and ":sealed" in str(parameters):
            raise ConnectionClosedError(endpoint_url="https://refused.example")
        return call(client, name, parameters)

    with passing(refusing):
        yield
