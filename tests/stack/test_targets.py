"""A bus and a queue of the owner's, on the running stack."""

import json
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.stack.conftest import Stack
from tests.stack.test_expiry import EXPIRY_SECONDS, connect

QUEUE = "arn:aws:sqs:eu-central-1:000000000000:local"
BUS = "arn:aws:events:eu-central-1:000000000000:event-bus/local"


@pytest.fixture
def queue(stack: Stack) -> str:
    """Its URL."""
    return stack.aws("sqs").create_queue(QueueName="local")["QueueUrl"]


def arrived(stack: Stack, queue: str, credential_id: str) -> dict[str, Any]:
    """The message that tells of it, other tests' aside."""
    sqs, deadline = stack.aws("sqs"), time.monotonic() + EXPIRY_SECONDS
    while time.monotonic() < deadline:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MessageAttributeNames=["All"])
        for each in found.get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
            if credential_id in each["Body"]:
                return each
    pytest.fail(f"nothing of {credential_id} within {EXPIRY_SECONDS} s")


def test_an_event_comes_into_the_owners_queue_and_is_verified(stack: Stack, queue: str) -> None:
    content = {"type": "queue", "arn": QUEUE, "events": ["credential.created"]}
    made = stack.request("POST", "/webhooks/endpoints", content).json()
    credential_id = connect(stack, "queued")

    message = arrived(stack, queue, credential_id)
    stack.request("DELETE", f"/webhooks/endpoints/{made['endpointId']}")
    headers = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    told: Any = Webhook(made["secret"]).verify(message["Body"], headers)

    assert (told["credentialId"], told["workspaceId"]) == (credential_id, stack.workspace_id)


def test_a_rule_of_the_owners_bus_routes_an_event_to_a_queue(stack: Stack, queue: str) -> None:
    events = stack.aws("events")
    events.create_event_bus(Name="local")
    pattern = {"source": ["evergrant"], "detail": {"workspaceId": [stack.workspace_id], "data": {"app": ["klaviyo"]}}}
    events.put_rule(Name="klaviyo", EventBusName="local", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="klaviyo", EventBusName="local", Targets=[{"Id": "queue", "Arn": QUEUE}])
    content = {"type": "event_bus", "arn": BUS, "events": ["credential.created"]}
    made = stack.request("POST", "/webhooks/endpoints", content).json()
    credential_id = connect(stack, "routed")

    told = json.loads(arrived(stack, queue, credential_id)["Body"])
    stack.request("DELETE", f"/webhooks/endpoints/{made['endpointId']}")
    event = stack.request("GET", f"/events/{told['detail']['id']}").json()

    assert (told["source"], told["detail-type"], told["detail"]) == ("evergrant", "credential.created", event)


def test_attack_51_what_the_deployment_does_not_name_is_no_target(stack: Stack) -> None:
    content = {"type": "queue", "arn": QUEUE.replace("local", "renewals")}
    answer = stack.request("POST", "/webhooks/endpoints", content)

    assert (answer.status_code, answer.json()["details"][0]["path"]) == (422, "arn")
    assert "EventQueueArns" in answer.json()["details"][0]["message"]
