"""A workspace with a branch key of its own, under its customer's KMS key: its whole life, and its end."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.adapters.kms.branch_keys import kms
from evergrant.domain.errors import NotFoundError, UnavailableError
from evergrant.domain.renewal import LONGEST_WITHOUT_KEY
from evergrant.domain.sealing import SealedBytes
from pydantic import ValidationError

from tests.fakes.customer import a_kms_key, switch_off
from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.keys import CANARY, connect
from tests.functions.redirects import began, called_back, completed, completion_of, connected
from tests.functions.sweeps import Travelling, delivered, status, swept, told
from tests.functions.test_rotation import HURRIED

SHOP = {"action": "create_workspace", "name": "Own", "environment": "development"}


@dataclass
class Customer:
    """A workspace beside the deployment's first, and the KMS key of whom it belongs to."""

    workspace_id: str
    api_key_id: str
    kms_key: str

    @contextmanager
    def calling(self, functions: Functions) -> Generator[None]:
        """Calls inside are its own."""
        before = functions.workspace_id, functions.api_key_id
        functions.workspace_id, functions.api_key_id = self.workspace_id, self.api_key_id
        try:
            yield
        finally:
            functions.workspace_id, functions.api_key_id = before

    def switches_off(self) -> None:
        """And everything is cold."""
        forget_wiring()
        switch_off(kms(), self.kms_key)


@pytest.fixture
def customer(functions: Functions) -> Customer:
    key = a_kms_key(boto3.client("kms"))
    made = functions.invoke("admin", {**SHOP, "kmsKey": key})
    return Customer(made["workspaceId"], made["apiKeyId"], key)


def branches() -> dict[str, set[str]]:
    """Of what is sealed, by table: the branches under which it stands."""
    client: Any = boto3.client("dynamodb")
    found: dict[str, set[str]] = {}
    for table in ("credentials", "directory", "events", "sessions"):
        for item in client.scan(TableName=table)["Items"]:
            sealed = [value["B"] for name, value in item.items() if "sealed" in name and "B" in value]
            found.setdefault(table, set()).update(SealedBytes.parse(bytes(each)).branch_id for each in sealed)
    return found


def token(functions: Functions, credential_id: str) -> Any:
    return functions.call("fresh_token", "POST", f"/credentials/{credential_id}/token", {})


def moved(functions: Functions) -> dict[str, Any]:
    return functions.invoke("admin", {"action": "rewrap"})


def credentials() -> list[Any]:
    found: list[Any] = boto3.client("dynamodb").scan(TableName="credentials")["Items"]
    return found


def test_a_workspace_with_its_own_key_lives_its_whole_round(functions: Functions, customer: Customer) -> None:
    endpoint = {"url": "https://receiver.example/hook"}
    with customer.calling(functions):
        made: str = connect(functions).body["credentialId"]
        hook = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", endpoint)
        read = token(functions, made)
        changed = functions.call("patch_credential", "PATCH", f"/credentials/{made}", {"data": {"apiKey": "other"}})
        read_again = token(functions, made)
        stand_under = set[str]().union(*branches().values())
        deleted = functions.call("delete_credential", "DELETE", f"/credentials/{made}")

    assert stand_under == {customer.workspace_id}
    assert [each.status for each in (hook, read, changed, deleted)] == [201, 200, 200, 200]
    assert [each.body["secret"]["apiKey"] for each in (read, read_again)] == [CANARY, "other"]


def test_an_oauth_round_of_it_is_sealed_under_its_own_key_from_the_verifier_on(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    functions.invoke("admin", {"action": "own_key", "workspaceId": functions.workspace_id})
    forget_wiring()

    answer = called_back(functions, *began(functions))
    held = branches()["sessions"]
    made = completed(functions, completion_of(answer)).body["credentialId"]

    assert held == branches()["credentials"] == {functions.workspace_id}
    assert token(functions, made).status == 200


def test_attack_32_with_its_key_off_a_workspace_gets_503_and_another_reads_on(
    functions: Functions, customer: Customer
) -> None:
    others: str = connect(functions).body["credentialId"]
    with customer.calling(functions):
        mine: str = connect(functions).body["credentialId"]
    token(functions, others)  # Its use today is noted on its row, once.
    before = credentials()
    customer.switches_off()

    with customer.calling(functions):
        refused = [token(functions, mine), connect(functions)]
        listed = functions.call("list_credentials", "GET", "/users/ada@example.com/credentials").body["data"]
    read = token(functions, others)

    assert [(each.status, each.body["code"]) for each in refused] == [(503, "key_unavailable")] * 2
    assert [(each["credentialId"], each["status"]) for each in listed] == [(mine, "active")]
    assert read.body["secret"]["apiKey"] == CANARY
    assert credentials() == before


def test_attack_32_a_renewal_whose_key_is_off_asks_no_provider_and_comes_back_by_itself(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    key = a_kms_key(boto3.client("kms"))
    functions.invoke("admin", {"action": "own_key", "workspaceId": functions.workspace_id, "kmsKey": key})
    functions.invoke("sweep", {})
    made = connected(functions)
    clock.ahead = timedelta(minutes=52)
    messages = swept(functions)
    asked, said = provider.asked, told()
    switch_on = switch_off(kms(), key)
    while_off = [delivered(functions, messages)]
    for _ in range(3):
        clock.ahead += LONGEST_WITHOUT_KEY
        while_off.append(delivered(functions, swept(functions)))
    untouched = (provider.asked, told(), status(functions, made))

    switch_on()
    clock.ahead += LONGEST_WITHOUT_KEY
    delivered(functions, swept(functions))

    assert [each["credentialId"] for each in messages] == [made]
    assert while_off == [{"batchItemFailures": []}] * 4
    assert untouched == (asked, said, "active")
    assert provider.asked == asked + 1


def test_an_own_key_takes_along_what_is_there_and_nothing_of_anybody_else(
    functions: Functions, customer: Customer
) -> None:
    with customer.calling(functions):
        connect(functions)
    mine: str = connect(functions).body["credentialId"]
    client = {"clientId": "id", "clientSecret": "secret"}
    functions.call("app_client", "PUT", "/apps/xero/client", client)
    functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", {"url": "https://receiver.example/hook"})
    before = branches()

    made = functions.invoke("admin", {"action": "own_key", "workspaceId": functions.workspace_id})
    done = moved(functions)
    again = moved(functions)

    assert before["directory"] == before["events"] == {"shared"}
    assert made == {"version": 1}
    assert done == {"moved": 3, "unreadable": 0, "left": 0, "after": None}
    assert again["moved"] == 0
    assert branches()["credentials"] == {functions.workspace_id, customer.workspace_id}
    assert branches()["directory"] == branches()["events"] == {functions.workspace_id}
    assert token(functions, mine).body["secret"]["apiKey"] == CANARY


def test_attack_31_a_rotation_reaches_every_branch_but_the_one_whose_key_is_off(
    functions: Functions, customer: Customer
) -> None:
    other = functions.invoke("admin", {**SHOP, "ownKey": True})["workspaceId"]
    connect(functions)
    with customer.calling(functions):
        for name in ("first", "second"):
            connect(functions, name=name)
    customer.switches_off()

    rotated = functions.invoke("admin", {"action": "rotate_keys"})
    done = moved(functions)

    assert rotated == {"versions": {"shared": 2, other: 2}, "left": [customer.workspace_id], "after": None}
    assert done == {"moved": 1, "unreadable": 0, "left": 2, "after": None}


def test_a_key_service_that_refuses_is_asked_once_for_all_rows_of_a_workspace(
    functions: Functions, customer: Customer
) -> None:
    with customer.calling(functions):
        for number in range(5):
            connect(functions, name=str(number))
    customer.switches_off()
    asked: list[str] = []

    def count(model: Any, **_: object) -> None:
        asked.append(model.name)

    kms().meta.events.register_first("before-call.kms.*", count)

    done = moved(functions)

    assert (done["left"], asked) == (5, ["Decrypt"])


def test_a_rotation_that_has_no_time_left_is_gone_on_with(functions: Functions, customer: Customer) -> None:
    connect(functions)

    first = functions.invoke("admin", {"action": "rotate_keys"}, HURRIED)
    second = functions.invoke("admin", {"action": "rotate_keys", "after": first["after"]})

    assert first == {"versions": {"shared": 2}, "left": [], "after": "shared"}
    assert second == {"versions": {customer.workspace_id: 2}, "left": [], "after": None}


def test_attack_32_no_workspace_is_made_where_its_key_cannot_be_had(functions: Functions) -> None:
    key = a_kms_key(boto3.client("kms"))
    switch_off(kms(), key)
    before = boto3.client("dynamodb").scan(TableName="directory")["Count"]

    with pytest.raises(UnavailableError):
        functions.invoke("admin", {**SHOP, "kmsKey": key})

    assert boto3.client("dynamodb").scan(TableName="directory")["Count"] == before


def test_only_a_workspace_that_is_there_gets_a_key(functions: Functions) -> None:
    with pytest.raises(NotFoundError, match="ws_nobody"):
        functions.invoke("admin", {"action": "own_key", "workspaceId": "ws_nobody"})


@pytest.mark.parametrize("key", ["alias/theirs", "arn:aws:kms:eu-central-1:123456789012:alias/theirs", "*", ""])
def test_a_kms_key_is_named_by_its_arn(functions: Functions, key: str) -> None:
    with pytest.raises(ValidationError):
        functions.invoke("admin", {"action": "own_key", "workspaceId": functions.workspace_id, "kmsKey": key})
