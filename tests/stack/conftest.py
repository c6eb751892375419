"""The deployed template, running: `python -m local` on a free port with a state folder of its own."""

import json
import os
import signal
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local.emulator import client_at

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".tools/local/bin/python"
PATIENCE_SECONDS = 120


@dataclass
class Launcher:
    """A running `make run`."""

    process: subprocess.Popen[str]
    state: Path
    complaint: str = ""
    """What it wrote to stderr, once it has ended."""

    @property
    def told(self) -> dict[str, Any]:
        return json.loads((self.state / "local.json").read_text())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """The exit code of one that ends by itself."""
        _, self.complaint = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode


def launch(state: Path, port: int | str = 0) -> Launcher:
    """Start it, and wait for its one line."""
    environment = {**os.environ, "PORT": str(port), "STATE": str(state), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [PYTHON, "-m", "local"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    launched = Launcher(process, state)
    assert process.stdout
    if not process.stdout.readline().startswith("evergrant ready "):
        launched.ended()
    return launched


@dataclass
class Stack:
    """A client of the running stack."""

    url: str
    key: str
    workspace_id: str
    state: Path

    def aws(self, service: Any) -> Any:
        """A client of the emulator below."""
        return client_at(int((self.state / "emulator.port").read_text()), service)

    def invoke(self, name: str, event: object) -> Any:
        """A function, as somebody with AWS rights."""
        client = self.aws("lambda")
        functions: list[str] = [each["FunctionName"] for each in client.list_functions()["Functions"]]
        found = next(each for each in functions if name in each)
        return json.loads(client.invoke(FunctionName=found, Payload=json.dumps(event).encode())["Payload"].read())

    def request(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | str | None = None,
        key: str | None = None,
    ) -> requests.Response:
        sent = {"authorization": f"Bearer {key or self.key}", **(headers or {})}
        if data is not None:
            sent.setdefault("content-type", "application/json")
            return requests.request(method, self.url + path, data=data, headers=sent, timeout=60)
        return requests.request(method, self.url + path, json=content, headers=sent, timeout=60)

    def user(self, name: str) -> str:
        """A new user's id."""
        return self.request("POST", "/users", {"username": name}).json()["userId"]


@contextmanager
def running(state: Path) -> Generator[Stack]:
    """What `make run` brings up, in this state folder; nothing of it reaches beyond this machine."""
    launched = launch(state)
    assert not launched.complaint, f"the stack did not start: {launched.complaint}"
    told = launched.told
    stack = Stack(told["apiUrl"], told["apiKey"], told["workspaceId"], launched.state)
    try:
        leave_in_peace(stack, "klaviyo")
        yield stack
    finally:
        launched.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all tests: each makes its own users."""
    with running(tmp_path_factory.mktemp("state")) as stack:
        yield stack


def leave_in_peace(stack: Stack, app: str) -> None:
    """The workspace's entry has no live call: nothing of the tests reaches beyond this machine."""
    entry = stack.request("GET", f"/apps/{app}").json()
    methods = [{name: value for name, value in each.items() if name != "probe"} for each in entry["methods"]]
    kept = {name: value for name, value in entry.items() if name != "source"}
    answer = stack.request("PUT", f"/apps/{app}", {**kept, "methods": methods})
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def stranger(stack: Stack) -> str:
    """The key of another workspace."""
    made: dict[str, str] = stack.invoke(
        "AdminFunction", {"action": "create_workspace", "name": "Other", "environment": "production"}
    )
    return made["apiKey"]
