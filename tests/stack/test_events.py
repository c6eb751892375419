"""`evergrant events` on the running stack: what happens is shown as it does, and sent again."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.stack.conftest import Stack
from tests.stack.receiver import receiving
from tests.stack.test_status_table import STATIC
from tools.cli import main

SINCE = ["--since", "1h"]


@dataclass
class Clients:
    """Of the emulator, where boto3's would be."""

    stack: Stack

    def client(self, service_name: str) -> Any:
        return self.stack.aws(service_name)


def test_what_happens_is_followed_and_sent_again(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    clients, user = Clients(stack), stack.user("followed")

    def connected_while_it_waits(_: float) -> None:
        if made:
            raise KeyboardInterrupt
        body = {"userId": user, "credential": STATIC}
        made.append(stack.request("POST", "/credentials", body).json()["credentialId"])

    made: list[str] = []
    followed = main(["events", "tail", *SINCE, "--user", user, "--json"], clients, connected_while_it_waits)
    (told,) = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    with receiving() as receiver:
        sent = {"url": receiver.url, "events": ["credential.created"]}
        endpoint = stack.request("POST", "/webhooks/endpoints", sent).json()
        receiver.secret = endpoint["secret"]
        to = ["--workspace", stack.workspace_id, "--endpoint", endpoint["endpointId"]]
        replayed = main(["events", "replay", *SINCE, *to, "--json"], clients)
        done = json.loads(capsys.readouterr().out)
        receiver.wait_for("credential.created", seconds=120)
        stack.request("DELETE", f"/webhooks/endpoints/{endpoint['endpointId']}")
    shown = stack.request("GET", f"/webhooks/replays/{done['replayId']}").json()

    assert (followed, replayed) == (0, 0)
    assert (told["type"], told["credentialId"], told["workspaceId"]) == (
        "credential.created",
        *made,
        stack.workspace_id,
    )
    assert (done["state"], done["replayed"] >= 1) == ("done", True)
    assert shown.items() <= done.items()
