"""Time that passes, what a sweep queues then, and what becomes of it."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.runtime import wiring

from tests.functions.deployment import Functions


class Travelling:
    """A clock that is set ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._real = wiring.clock()

    def now(self) -> Any:
        return self._real.now() + self.ahead


def swept(functions: Functions, queue: str = "renewals") -> list[dict[str, Any]]:
    """One sweep, and the messages it queued as SQS would deliver them."""
    sent: list[dict[str, Any]] = []

    class Kept:
        def send(self, messages: list[dict[str, Any]], *, delay_seconds: int = 0) -> None:  # the port
            sent.extend(messages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, queue, Kept)
        functions.invoke("sweep", {})
    return sent


def delivered(functions: Functions, messages: list[dict[str, Any]]) -> Any:
    records = [
        {"messageId": str(number), "body": json.dumps(message), "eventSource": "aws:sqs"}
        for number, message in enumerate(messages)
    ]
    return functions.invoke("renew", {"Records": records})


def told() -> list[str]:
    return [item["type"]["S"] for item in boto3.client("dynamodb").scan(TableName="events")["Items"] if "type" in item]


def status(functions: Functions, credential_id: str) -> str:
    return functions.call("get_credential", "GET", f"/credentials/{credential_id}").body["status"]
