"""The receivers of `examples/`, as they stand: what they print is what a product would act upon."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from standardwebhooks import Webhook
from urllib3.util.retry import Retry

from local.emulator import free_port
from tests.stack.conftest import ROOT, Stack
from tests.stack.provider import NODE
from tests.stack.test_status_table import STATIC

SECRETS = ["whsec_" + letter * 32 for letter in "Ab"]
LANGUAGES: dict[str, list[Any]] = {
    "python": [sys.executable, ROOT / "examples/receiver.py"],
    "node": [NODE, ROOT / "examples/receiver.mjs"],
}
Start = Callable[[str, list[str]], "Receiver"]


@dataclass
class Receiver:
    """One of them, running."""

    url: str
    process: subprocess.Popen[str]
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """The first request waits for it to listen."""
        patience = Retry(total=None, connect=60, backoff_factor=0.1, backoff_max=1)
        self.session.mount("http://", HTTPAdapter(max_retries=patience))

    def send(self, event: dict[str, Any], secret: str, *, at: datetime | None = None, tail: str = "") -> int:
        """The status of its answer."""
        body, at = json.dumps(event), at or datetime.now(UTC)
        headers = {
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(event["id"], at, body),
        }
        return self.session.post(self.url, data=body + tail, headers=headers, timeout=60).status_code

    def printed(self) -> dict[str, Any]:
        """The next that it takes for news."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


@pytest.fixture(params=LANGUAGES)
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """A receiver on a port, with its secrets."""
    running: list[subprocess.Popen[str]] = []

    def started(port: str, secrets: list[str]) -> Receiver:
        command = [*LANGUAGES[request.param], port, *secrets]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return Receiver(f"http://127.0.0.1:{port}/", running[-1])

    yield started
    for each in running:
        each.kill()
        each.communicate()


def port() -> str:
    """One that nobody has."""
    return str(free_port(0))


def event(name: str, version: int, credential: str = "cred_1") -> dict[str, Any]:
    return {"id": f"evt_{name}", "type": "credential.updated", "credentialId": credential, "data": {"version": version}}


def test_attack_55_an_example_takes_what_is_signed_by_either_secret_and_nothing_else(start: Start) -> None:
    receiver = start(port(), SECRETS)
    yesterday = datetime.now(UTC) - timedelta(days=1)

    statuses = [
        receiver.send(event("old", 1), SECRETS[0], at=yesterday),
        receiver.send(event("changed", 1), SECRETS[0], tail=" "),
        receiver.send(event("forged", 1), "whsec_" + "z" * 32),
        *(receiver.send(event(secret[-1], 1), secret) for secret in SECRETS),
    ]

    assert statuses == [401, 401, 401, 204, 204]
    assert [receiver.printed()["id"] for _ in SECRETS] == ["evt_A", "evt_b"]


def test_fault_43_an_example_acts_once_on_what_comes_again_and_drops_what_was_overtaken(start: Start) -> None:
    receiver = start(port(), SECRETS)
    sent = [
        event("first", 3),
        event("first", 3),
        event("overtaken", 2),
        event("same", 3),
        event("other", 1, "cred_2"),
        event("next", 4),
    ]

    statuses = [receiver.send(each, SECRETS[0]) for each in sent]

    assert statuses == [204] * len(sent)
    assert [receiver.printed()["id"] for _ in range(4)] == ["evt_first", "evt_same", "evt_other", "evt_next"]


def test_an_example_hears_of_a_credential(start: Start, stack: Stack) -> None:
    at = port()
    made = stack.request(
        "POST", "/webhooks/endpoints", {"url": f"http://127.0.0.1:{at}/", "events": ["credential.created"]}
    ).json()
    receiver = start(at, [made["secret"]])
    user = stack.user(f"receiver-{at}")

    credential = stack.request("POST", "/credentials", {"userId": user, "credential": STATIC}).json()["credentialId"]
    told = receiver.printed()
    stack.request("DELETE", f"/webhooks/endpoints/{made['endpointId']}")

    assert (told["type"], told["credentialId"], told["data"]["version"]) == ("credential.created", credential, 1)
