"""Webhooks without the world: what the stream and the queue would do, and a receiver that says what it is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from evergrant.ports.http import HttpAnswer
from evergrant.runtime import wiring

from tests.functions.deployment import Functions
from tests.signatures import is_verified

URL = "https://shop.example/hook"


@dataclass
class Sent:
    """One POST to a receiver."""

    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return json.loads(self.body)["type"]

    def is_signed_by(self, secret: str) -> bool:
        return is_verified(secret, self.headers, self.body)


@dataclass
class Receivers:
    """Every address outside; `answer` may be replaced at any time, and may do things meanwhile."""

    sent: list[Sent] = field(default_factory=list[Sent])
    answer: Callable[[Sent], int] = lambda _: 204
    echo: bool = False
    """Whether the body comes back."""

    def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, **_: object) -> HttpAnswer:
        self.sent.append(Sent(url, dict(headers), body))
        return HttpAnswer(self.answer(self.sent[-1]), {}, body if self.echo else b"")


@pytest.fixture
def receivers(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Receivers:
    made = Receivers()

    def everywhere(_: str) -> Receivers:
        return made

    monkeypatch.setattr(wiring, "http_client_for", everywhere)
    return made


def registered(functions: Functions, *types: str, **more: object) -> dict[str, Any]:
    """A new endpoint, with its secret."""
    content = {"url": URL, "events": list(types or ("webhook.test",)), **more}
    made = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", content)
    assert made.status == 201, made.body
    return made.body


def on(functions: Functions, method: str, endpoint: Mapping[str, Any], what: str = "", content: object = None) -> Any:
    """A call about an endpoint."""
    path = f"/webhooks/endpoints/{endpoint['endpointId']}{what}"
    return functions.call("webhook_endpoints", method, path, content)


def rows(kind: str) -> list[dict[str, Any]]:
    found = boto3.client("dynamodb").scan(TableName="events")["Items"]
    return [row for row in found if row["kind"]["S"] == kind]


def fan_out(functions: Functions) -> None:
    """Every event that is there, as the stream would bring it; deliveries that are open stay as they are."""
    records = [{"eventName": "INSERT", "dynamodb": {"NewImage": row, "SequenceNumber": "1"}} for row in rows("event")]
    assert functions.invoke("fan_out", {"Records": records}) == {"batchItemFailures": []}


def deliver(functions: Functions) -> None:
    """Every delivery there is, as the queue would bring it."""
    messages = [
        {"workspaceId": row["workspace_id"]["S"], "eventId": row["event_id"]["S"], "deliveryId": row["sk"]["S"]}
        for row in rows("delivery")
    ]
    records = [{"messageId": str(number), "body": json.dumps(each)} for number, each in enumerate(messages)]
    assert functions.invoke("deliver", {"Records": records}) == {"batchItemFailures": []}


def try_out(functions: Functions, endpoint: Mapping[str, Any]) -> None:
    """A test event, fanned out and delivered."""
    assert on(functions, "POST", endpoint, "/test").status == 202
    fan_out(functions)
    deliver(functions)


def deliveries(functions: Functions, event_id: str) -> list[dict[str, Any]]:
    return functions.call("events", "GET", f"/events/{event_id}/deliveries").body["data"]


def only_delivery(functions: Functions) -> dict[str, Any]:
    (row,) = rows("delivery")
    (found,) = deliveries(functions, row["event_id"]["S"])
    return found
