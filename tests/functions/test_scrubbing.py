"""A deleted user's e-mail address: nothing that is kept has it any more."""

import json
from typing import Any

import boto3
import pytest
from evergrant.use_cases.events import scrub

from tests.functions.deployment import Functions
from tests.functions.hooks import Receivers, deliver, fan_out, receivers, registered
from tests.functions.keys import CANARY, connect

__all__ = ["receivers"]  # A fixture that these tests take.
ADDRESS = "ada@example.com"


def cleaned_up(functions: Functions) -> None:
    """The cleanups queue, until it is empty."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="cleanups")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in messages:
            record = {"messageId": "1", "body": each.get("Body")}
            assert functions.invoke("cleanup", {"Records": [record]}) == {"batchItemFailures": []}
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each.get("ReceiptHandle", ""))


def kept() -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName="events")["Items"]


@pytest.mark.parametrize("page", [100, 1])
def test_a_deleted_users_address_goes_from_what_is_kept(
    functions: Functions, receivers: Receivers, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(scrub, "PAGE", page)
    monkeypatch.setattr(scrub, "PAGES", page)
    registered(functions, "credential.created")
    receivers.echo = True
    connect(functions)
    functions.call("users", "POST", "/users", {"username": "bob@example.com"})
    bobs = {"userId": "bob@example.com", "credential": {"type": "klaviyo", "data": {"apiKey": CANARY}}}
    functions.call("create_credential", "POST", "/credentials", bobs)
    fan_out(functions)
    deliver(functions)
    before = json.dumps(kept(), default=str)

    functions.call("users", "DELETE", f"/users/{ADDRESS}")
    cleaned_up(functions)

    after = json.dumps(kept(), default=str)
    assert before.count(ADDRESS) == 4
    assert ADDRESS not in after
    assert after.count("bob@example.com") == before.count("bob@example.com") == 4
