"""`userEmail` of what is told: the user's address as it is now."""

import json
from datetime import timedelta

import pytest
from evergrant.domain.times import iso
from evergrant.runtime import wiring

from tests.functions.deployment import Functions
from tests.functions.test_credentials import connect
from tests.functions.test_expiry import Travelling, clock, delivered, swept

__all__ = ["clock"]  # A fixture that these tests take.

NEW = "grace@example.com"


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
