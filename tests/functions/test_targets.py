"""Endpoints that are a bus or a queue of the owner's: the same envelope, deliveries, log and health as a webhook's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto.events.utils import EventTemplateParser

from tests.functions.deployment import Functions
from tests.functions.hooks import Sent, deliver, deliveries, fan_out, on, only_delivery, rows, try_out
from tests.functions.keys import connect
from tests.functions.sweeps import Travelling

BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/owners"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:owners"
ELSEWHERE = "arn:aws:sqs:eu-central-1:123456789012:elsewhere"
ARNS = {"event_bus": BUS, "queue": QUEUE}
ENDPOINTS = "/webhooks/endpoints"


@pytest.fixture(autouse=True)
def plain_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules here transform nothing: moto would ask for a package of its own to find that out."""

    def untouched(*, event: Mapping[str, Any], **_: object) -> dict[str, Any]:
        return {name: each for name, each in event.items() if name != "ingestion-time"}

    monkeypatch.setattr(EventTemplateParser, "parse", untouched)


@dataclass
class Owner:
    """A queue of the owner's, and what has come into it."""

    url: str

    def arrived(self) -> list[dict[str, Any]]:
        """Each once."""
        sqs, found = boto3.client("sqs"), list[dict[str, Any]]()
        while messages := sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages"):
            for each in messages:
                found.append(dict(each))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])  # type: ignore[typeddict-item]
        return found


def a_queue(name: str = "owners", **attributes: str) -> Owner:
    return Owner(boto3.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])  # type: ignore[arg-type]


def a_bus(pattern: Mapping[str, object]) -> Owner:
    """The owner's bus, and a rule of it that routes what fits to a queue."""
    events = boto3.client("events")
    events.create_event_bus(Name="owners")
    events.put_rule(Name="all", EventBusName="owners", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="all", EventBusName="owners", Targets=[{"Id": "queue", "Arn": QUEUE}])
    return a_queue()


def the_target(type_: str) -> Owner:
    return a_bus({"source": ["evergrant"]}) if type_ == "event_bus" else a_queue()


def told(type_: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope in a message: EventBridge wraps it."""
    content = json.loads(message["Body"])
    return content["detail"] if type_ == "event_bus" else content


def register(functions: Functions, type_: str, *types: str, **more: object) -> dict[str, Any]:
    content = {"type": type_, "arn": ARNS[type_], "events": list(types or ("webhook.test",)), **more}
    made = functions.call("webhook_endpoints", "POST", ENDPOINTS, content)
    assert made.status == 201, made.body
    return made.body


def signed(message: Mapping[str, Any], secret: str) -> bool:
    headers = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    return Sent("", headers, message["Body"].encode()).is_signed_by(secret)


def test_a_rule_of_the_owners_bus_sees_the_envelope(functions: Functions) -> None:
    pattern = {"source": ["evergrant"], "detail": {"workspaceId": [functions.workspace_id], "data": {"version": [1]}}}
    owner = a_bus(pattern)
    made = register(functions, "event_bus", "credential.created")
    connect(functions)
    fan_out(functions)
    deliver(functions)

    (message,) = owner.arrived()
    (event,) = functions.call("events", "GET", "/events").body["data"]
    seen = json.loads(message["Body"])
    (attempt,) = only_delivery(functions)["attempts"]
    assert (seen["source"], seen["detail-type"], seen["detail"]) == ("evergrant", "credential.created", event)
    assert (made["arn"], made["url"], made["secret"]) == (BUS, None, None)
    assert (attempt["status"], attempt["response"], attempt["requestHeaders"]) == (200, seen["id"], {})


def test_a_queue_gets_the_envelope_and_what_verifies_it(functions: Functions) -> None:
    owner = a_queue()
    made = register(functions, "queue", "credential.created")
    connect(functions)
    fan_out(functions)
    deliver(functions)

    (message,) = owner.arrived()
    (event,) = functions.call("events", "GET", "/events").body["data"]
    (attempt,) = only_delivery(functions)["attempts"]
    assert json.loads(message["Body"]) == event
    assert message["MessageAttributes"].keys() == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert signed(message, made["secret"])
    assert (attempt["status"], attempt["response"]) == (200, message["MessageId"])
    assert attempt["requestHeaders"].keys() == {"webhook-id", "webhook-timestamp"}


def test_a_fifo_queue_has_one_order_for_each_credential_and_no_event_twice(functions: Functions) -> None:
    owner = a_queue("owners.fifo", FifoQueue="true")
    made = register(functions, "queue", "credential.created", arn=f"{QUEUE}.fifo")
    credential_id = connect(functions).body["credentialId"]
    fan_out(functions)
    deliver(functions)
    event_id = rows("event")[0]["sk"]["S"]
    functions.call("events", "POST", f"/events/{event_id}/redeliver", {"endpointId": made["endpointId"]})
    deliver(functions)

    (message,) = owner.arrived()
    assert only_delivery(functions)["status"] == "delivered"
    assert message["Attributes"]["MessageGroupId"] == credential_id
    assert message["Attributes"]["MessageDeduplicationId"] == event_id


def test_what_no_credential_tells_has_an_order_of_its_workspace(functions: Functions) -> None:
    owner = a_queue("owners.fifo", FifoQueue="true")
    try_out(functions, register(functions, "queue", arn=f"{QUEUE}.fifo"))

    assert [each["Attributes"]["MessageGroupId"] for each in owner.arrived()] == [functions.workspace_id]


@pytest.mark.parametrize(("type_", "parameter"), [("event_bus", "EventBusArns"), ("queue", "EventQueueArns")])
@pytest.mark.parametrize("arn", [BUS.replace("owners", "default"), QUEUE.replace("1234", "9999"), "*", "", f"{BUS},"])
def test_attack_51_what_the_deployment_does_not_name_is_refused(
    functions: Functions, type_: str, parameter: str, arn: str
) -> None:
    endpoint = register(functions, type_)
    made = functions.call("webhook_endpoints", "POST", ENDPOINTS, {"type": type_, "arn": arn})
    changed = on(functions, "PATCH", endpoint, content={"arn": arn})

    for answer in (made, changed):
        (detail,) = answer.body["details"]
        assert (answer.status, detail["path"]) == (422, "arn")
        assert parameter in detail["message"]
    assert len(rows("endpoint")) == 1


@pytest.mark.parametrize("type_", ["event_bus", "queue"])
def test_the_other_types_names_are_not_its_own(functions: Functions, type_: str) -> None:
    (other,) = ARNS.keys() - {type_}

    answer = functions.call("webhook_endpoints", "POST", ENDPOINTS, {"type": type_, "arn": ARNS[other]})

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "arn")


URL = "https://shop.example/hook"


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        ({}, ["url"]),
        ({"arn": QUEUE}, ["arn", "url"]),
        ({"url": URL, "arn": QUEUE}, ["arn"]),
        ({"type": "queue"}, ["arn"]),
        ({"type": "queue", "url": URL}, ["url", "arn"]),
        ({"type": "event_bus", "url": URL, "arn": BUS}, ["url"]),
        ({"type": "topic", "arn": QUEUE}, ["type"]),
    ],
)
def test_a_type_has_its_own_address_and_no_other(functions: Functions, content: object, paths: list[str]) -> None:
    answer = functions.call("webhook_endpoints", "POST", ENDPOINTS, content)

    assert (answer.status, [each["path"] for each in answer.body["details"]]) == (422, paths)


@pytest.mark.parametrize("type_", ARNS)
def test_two_workspaces_on_one_target_are_told_apart_by_the_envelope(functions: Functions, type_: str) -> None:
    owner = the_target(type_)
    try_out(functions, register(functions, type_))
    first = functions.workspace_id
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Live", "environment": "production"})
    functions.workspace_id, functions.api_key_id = made["workspaceId"], made["apiKeyId"]
    try_out(functions, register(functions, type_))

    assert [told(type_, each)["workspaceId"] for each in owner.arrived()] == [first, functions.workspace_id]


@pytest.mark.parametrize("type_", ARNS)
def test_a_target_is_tested_paused_woken_and_removed_as_any_endpoint(functions: Functions, type_: str) -> None:
    owner = the_target(type_)
    endpoint = register(functions, type_)

    try_out(functions, endpoint)
    tested = [told(type_, each)["type"] for each in owner.arrived()]
    paused = on(functions, "PATCH", endpoint, content={"status": "paused"}).body["status"]
    refused = on(functions, "POST", endpoint, "/test").body["code"]
    woken = on(functions, "PATCH", endpoint, content={"status": "active", "description": "Orders"}).body
    try_out(functions, endpoint)
    again = [told(type_, each)["type"] for each in owner.arrived()]
    removed = on(functions, "DELETE", endpoint).status

    assert (tested, paused, refused) == (["webhook.test"], "paused", "endpoint_paused")
    assert (woken["status"], woken["description"], woken["arn"]) == ("healthy", "Orders", ARNS[type_])
    assert (again, removed, on(functions, "GET", endpoint).status) == (["webhook.test"], 200, 404)


@pytest.mark.parametrize(
    ("type_", "field", "address"), [("queue", "url", URL), ("event_bus", "url", URL), ("webhook", "arn", QUEUE)]
)
def test_an_endpoint_stays_of_its_type(functions: Functions, type_: str, field: str, address: str) -> None:
    content = {"url": URL} if type_ == "webhook" else {"type": type_, "arn": ARNS[type_]}
    endpoint = functions.call("webhook_endpoints", "POST", ENDPOINTS, content).body
    changed = on(functions, "PATCH", endpoint, content={field: address})

    assert (changed.status, changed.body["details"][0]["path"]) == (422, field)
    assert on(functions, "GET", endpoint).body == {name: each for name, each in endpoint.items() if name != "secret"}


def test_a_queue_may_be_changed_for_another(functions: Functions) -> None:
    old, new = a_queue(), a_queue("elsewhere")
    endpoint = register(functions, "queue")
    changed = on(functions, "PATCH", endpoint, content={"arn": ELSEWHERE})
    try_out(functions, endpoint)

    assert changed.body["arn"] == ELSEWHERE
    assert (len(old.arrived()), len(new.arrived())) == (0, 1)


def test_attack_57_a_queues_secret_rotates_and_both_sign_meanwhile(functions: Functions) -> None:
    owner = a_queue()
    endpoint = register(functions, "queue")
    new = on(functions, "POST", endpoint, "/rotate-secret").body["secret"]
    try_out(functions, endpoint)

    (message,) = owner.arrived()
    assert [signed(message, each) for each in (endpoint["secret"], new)] == [True, True]


def test_a_bus_has_no_secret_to_rotate(functions: Functions) -> None:
    endpoint = register(functions, "event_bus")
    answer = on(functions, "POST", endpoint, "/rotate-secret")

    assert (answer.status, answer.body["code"]) == (409, "endpoint_not_signed")
    assert "sealed_secret" not in rows("endpoint")[0]


def test_a_queue_that_is_not_there_fails_by_its_own_word_and_is_disabled_after_five_days(
    functions: Functions, clock: Travelling
) -> None:
    endpoint = register(functions, "queue")
    try_out(functions, endpoint)
    tried, failing = only_delivery(functions), on(functions, "GET", endpoint).body
    clock.ahead += timedelta(days=5, minutes=1)
    deliver(functions)

    (attempt,) = tried["attempts"]
    assert (attempt["status"], attempt["error"]) == (400, None)
    assert "NonExistentQueue" in attempt["response"]
    assert (tried["status"], failing["status"]) == ("failed", "failing")
    assert on(functions, "GET", endpoint).body["disabledReason"] == "failing_for_five_days"


def test_a_bus_always_hears_of_an_endpoint_that_was_disabled(functions: Functions, clock: Travelling) -> None:
    owner = a_bus({"detail-type": ["endpoint.disabled"]})
    bus = register(functions, "event_bus", "credential.expired", apps=["klaviyo"], userTags=["vip"])
    queue = register(functions, "queue", arn=ELSEWHERE)
    try_out(functions, queue)
    clock.ahead += timedelta(days=5, minutes=1)
    deliver(functions)
    fan_out(functions)
    deliver(functions)

    (message,) = owner.arrived()
    assert told("event_bus", message)["data"]["endpointId"] == queue["endpointId"]
    assert bus["events"] == ["credential.expired", "endpoint.disabled"]


def test_the_longest_names_and_labels_fit_into_an_event(functions: Functions) -> None:
    owner = a_queue()
    made = register(functions, "queue", "credential.created", userTags=["\U0001f600" * 100])
    name, mail = "\U0001f600" * 200, f"{'a' * 308}@example.com"
    user = {"username": "\U0001f600" * 200, "email": mail, "fullName": name, "tags": ["\U0001f600" * 100]}
    functions.call("users", "POST", "/users", user)
    credential = {"type": "klaviyo", "data": {"apiKey": "pk_1"}, "name": "\uffff" + name[1:]}
    body = {"userId": user["username"], "credential": credential}
    created = functions.call("create_credential", "POST", "/credentials", body)
    fan_out(functions)
    deliver(functions)

    (message,) = owner.arrived()
    seen = json.loads(message["Body"])
    assert created.status == 201, created.body
    assert len(message["Body"].encode()) <= 20_000
    assert (seen["userEmail"], seen["credentialName"]) == (mail, credential["name"])
    assert signed(message, made["secret"])
    assert [each["status"] for each in deliveries(functions, seen["id"])] == ["delivered"]
