"""From a key's end to the engineer's webhook, on the running stack."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from tests.stack.conftest import Stack
from tests.stack.receiver import Receiver, receiving

Value = TypeVar("Value")

EXPIRY_SECONDS = 150
"""For what has no promise: no test depends on speed."""
HEARD_SECONDS = 90
"""The local contract's promise, from the end to the receiver."""


def register(stack: Stack, receiver: Receiver, *types: str) -> str:
    made = stack.request("POST", "/webhooks/endpoints", {"url": receiver.url, "events": list(types)}).json()
    receiver.secret = made["secret"]
    return made["endpointId"]


def connect(stack: Stack, name: str, **more: object) -> str:
    credential = {"type": "klaviyo", "data": {"apiKey": "pk_1"}, "name": f"Klaviyo {name}", **more}
    body = {"userId": stack.user(f"{name}@example.com"), "credential": credential}
    return stack.request("POST", "/credentials", body).json()["credentialId"]


def test_a_key_that_ends_is_expired_and_the_engineer_hears_of_it_once(stack: Stack) -> None:
    with receiving() as receiver:
        endpoint_id = register(stack, receiver)
        end = datetime.now(UTC) + timedelta(seconds=5)
        credential_id = connect(stack, "ends", expiresAt=end.isoformat())

        told = receiver.wait_for("credential.expired", seconds=5 + HEARD_SECONDS)
        token = stack.request("POST", f"/credentials/{credential_id}/token", {})
        events = stack.request("GET", f"/events?credentialId={credential_id}&type=credential.expired").json()["data"]
        stack.request("DELETE", f"/webhooks/endpoints/{endpoint_id}")

    assert [told[name] for name in ("credentialId", "credentialName", "userEmail")] == [
        credential_id,
        "Klaviyo ends",
        "ends@example.com",
    ]
    assert told["data"]["reason"] == "expired_by_date"
    assert (token.status_code, token.json()["code"]) == (424, "credential_expired")
    assert [event["id"] for event in events] == [told["id"]]
    assert [each["credentialId"] for each in receiver.received] == [credential_id]


def test_fault_39_a_receiver_that_was_down_gets_it_after(stack: Stack) -> None:
    with receiving() as receiver:
        receiver.failures_left = 1
        endpoint_id = register(stack, receiver, "webhook.test")
        stack.request("POST", f"/webhooks/endpoints/{endpoint_id}/test")

        told = receiver.wait_for("webhook.test", seconds=EXPIRY_SECONDS)
        deliveries = _eventually(
            lambda: stack.request("GET", f"/events/{told['id']}/deliveries").json()["data"],
            lambda found: found[0]["status"] == "delivered",
        )
        stack.request("DELETE", f"/webhooks/endpoints/{endpoint_id}")

    assert receiver.refused == 1
    assert [attempt["status"] for attempt in deliveries[0]["attempts"]] == [500, 204]


def test_an_endpoint_hears_only_what_it_asked_for(stack: Stack) -> None:
    with receiving() as receiver:
        endpoint_id = register(stack, receiver, "credential.created", "credential.deleted")
        credential_id = connect(stack, "asked")
        stack.request("PATCH", f"/credentials/{credential_id}", {"name": "Renamed"})
        stack.request("DELETE", f"/credentials/{credential_id}")

        receiver.wait_for("credential.deleted", seconds=EXPIRY_SECONDS)
        receiver.wait_for("credential.created", seconds=EXPIRY_SECONDS)
        stack.request("DELETE", f"/webhooks/endpoints/{endpoint_id}")

    assert {each["type"] for each in receiver.received} == {"credential.created", "credential.deleted"}


def test_a_deleted_users_credentials_follow(stack: Stack) -> None:
    credential_id = connect(stack, "leaves")

    stack.request("DELETE", "/users/leaves@example.com")
    gone = _eventually(
        lambda: stack.request("GET", f"/credentials/{credential_id}").status_code, lambda status: status == 404
    )

    assert gone == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://127.0.0.1/",
        "https://user@example.com/",
        "https://example.com/#x",
        "not a url",
        "http://10.0.0.1/",
    ],
)
def test_attack_51_a_receiver_must_be_public_https(stack: Stack, url: str) -> None:
    answer = stack.request("POST", "/webhooks/endpoints", {"url": url})

    assert (answer.status_code, answer.json()["details"][0]["path"]) == (422, "url")


def test_attack_61_the_deployment_cannot_be_its_own_receiver(stack: Stack) -> None:
    answer = stack.request("POST", "/webhooks/endpoints", {"url": f"{stack.url}/users"})

    assert answer.status_code == 422


def _eventually(ask: Callable[[], Value], fits: Callable[[Value], bool]) -> Value:
    """Ask until the answer fits; the last answer, at the latest after a long while."""
    deadline = time.monotonic() + EXPIRY_SECONDS
    answer = ask()
    while not fits(answer) and time.monotonic() < deadline:
        time.sleep(0.2)
        answer = ask()
    return answer
