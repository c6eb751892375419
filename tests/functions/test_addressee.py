"""Whom what is told is of: `userEmail` is the address of now, and an endpoint may hear of some users' tags alone."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from evergrant.domain.times import iso
from evergrant.runtime import wiring

from tests.functions.deployment import Functions
from tests.functions.faults import KilledError, fault
from tests.functions.hooks import Receivers, deliver, fan_out, receivers, registered
from tests.functions.keys import connect
from tests.functions.sweeps import Travelling, delivered, swept
from tests.functions.test_users import cleaned

__all__ = ["receivers"]  # Fixtures that these tests take.

NEW = "grace@example.com"
WHOLE_LIFE = ("credential.created", "credential.deleted")


def addressees(functions: Functions) -> dict[str, str | None]:
    events = functions.call("events", "GET", "/events").body["data"]
    return {each["type"]: each["userEmail"] for each in events}


def moved(functions: Functions, email: str | None = NEW) -> None:
    assert functions.call("users", "PUT", "/users/ada@example.com", {"email": email}).status == 200


@pytest.mark.parametrize("email", [NEW, None])
def test_an_expiry_goes_to_the_address_of_now(functions: Functions, clock: Travelling, email: str | None) -> None:
    functions.invoke("sweep", {})
    connect(functions, expiresAt=iso(clock.now() + timedelta(seconds=5)))
    moved(functions, email)
    clock.ahead = timedelta(seconds=75)

    delivered(functions, swept(functions))

    assert addressees(functions) == {"credential.created": "ada@example.com", "credential.expired": email}


def test_a_change_and_a_deletion_go_there_too(functions: Functions) -> None:
    path = f"/credentials/{connect(functions).body['credentialId']}"
    moved(functions)

    functions.call("patch_credential", "PATCH", path, {"name": "Renamed"})
    functions.call("delete_credential", "DELETE", path)

    told = addressees(functions)
    assert (told["credential.updated"], told["credential.deleted"]) == (NEW, NEW)


def test_of_a_user_who_is_gone_the_last_address_is_told(functions: Functions) -> None:
    connect(functions)
    user_id = functions.call("users", "GET", "/users/ada@example.com").body["userId"]
    functions.call("users", "DELETE", f"/users/{user_id}")
    message = {
        "action": "delete_user_credentials",
        "workspaceId": functions.workspace_id,
        "userId": user_id,
        "actor": "test",
        "askedAt": iso(wiring.clock().now()),
    }

    functions.invoke("cleanup", {"Records": [{"messageId": "1", "body": json.dumps(message)}]})

    assert addressees(functions)["credential.deleted"] == "ada@example.com"


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "late"])
def test_what_ends_with_its_user_is_told_by_the_users_tags(
    functions: Functions, receivers: Receivers, *, is_late: bool
) -> None:
    functions.call("users", "POST", "/users", {"username": "ada@example.com", "tags": ["vip"]})
    registered(functions, *WHOLE_LIFE, userTags=["vip"])
    registered(functions, *WHOLE_LIFE, userTags=["trial"], url="https://trial.example/hook")
    connect(functions)
    if not is_late:
        fan_out(functions)

    functions.call("users", "DELETE", "/users/ada@example.com")
    cleaned(functions)
    fan_out(functions)
    deliver(functions)

    assert sorted((each.url, each.type) for each in receivers.sent) == [
        ("https://shop.example/hook", "credential.created"),
        ("https://shop.example/hook", "credential.deleted"),
    ]


def test_a_deletion_that_died_is_told_by_the_users_tags(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    functions.call("users", "POST", "/users", {"username": "ada@example.com", "tags": ["vip"]})
    registered(functions, "credential.deleted", userTags=["vip"])
    connect(functions)
    functions.invoke("sweep", {})
    functions.call("users", "DELETE", "/users/ada@example.com")
    with fault("killed_before", "TransactWriteItems", "credential.deleted"), suppress(KilledError):
        cleaned(functions)

    clock.ahead = timedelta(minutes=6)
    delivered(functions, swept(functions))
    cleaned(functions)
    fan_out(functions)
    deliver(functions)

    assert [each.type for each in receivers.sent] == ["credential.deleted"]
