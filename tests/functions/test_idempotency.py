"""`Idempotency-Key`: one key makes one thing, whatever is lost on the way, and tells nobody else of it."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from tests.functions.deployment import Answer, Functions
from tests.functions.faults import Fault, KilledError, fault
from tests.functions.redirects import began, called_back, completed, completion_of
from tests.functions.sweeps import Travelling, told

KEY = {"idempotency-key": "k-1"}
CREDENTIAL = {"userId": "ada", "credential": {"type": "klaviyo", "data": {"apiKey": "pk_canary0123456789"}}}
MAKING: list[tuple[str, str, dict[str, Any], str, tuple[str, str]]] = [
    ("users", "/users", {"username": "bob"}, "directory", ("TransactWriteItems", "usr_")),
    ("create_credential", "/credentials", CREDENTIAL, "credentials", ("TransactWriteItems", "cred#")),
    ("api_keys", "/api-keys", {"name": "x", "scopes": ["audit"]}, "directory", ("TransactWriteItems", "key#")),
    ("webhook_endpoints", "/webhooks/endpoints", {"url": "https://hooks.example/x"}, "events", ("PutItem", "ep_")),
    ("connect_sessions", "/connect/sessions", {"userId": "ada"}, "sessions", ("PutItem", "session#")),
]
"""Function, path, body, the table that gets the thing, and the call that puts it there."""
making = pytest.mark.parametrize(
    ("function", "path", "body", "table", "write"), MAKING, ids=[each[0] for each in MAKING]
)


@pytest.fixture(autouse=True)
def _ada(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})


def rows(table: str) -> list[str]:
    """What a caller made, by its key in the table."""
    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return sorted(item["pk"]["S"] + item["sk"]["S"] for item in items if not item["pk"]["S"].startswith("idem#"))


def post(functions: Functions, function: str, path: str, body: object, **more: Any) -> Answer:
    return functions.call(function, "POST", path, body, headers=KEY, **more)


@making
def test_attack_47_a_weaker_key_is_not_told_what_another_made(
    functions: Functions, function: str, path: str, body: dict[str, Any], table: str, write: tuple[str, str]
) -> None:
    key = functions.call("api_keys", "POST", "/api-keys", {"name": "weak", "scopes": ["credentials:read"]}).body
    weaker = {"workspaceId": functions.workspace_id, "apiKeyId": key["apiKeyId"], "scopes": "credentials:read"}

    first = post(functions, function, path, body)
    told_to_another = post(functions, function, path, body, authorizer=weaker)

    assert first.status < 300
    assert (told_to_another.status, told_to_another.body["code"]) == (403, "scope_missing")


@making
def test_fault_11_a_thing_whose_answer_was_lost_is_found_again(
    functions: Functions, function: str, path: str, body: dict[str, Any], table: str, write: tuple[str, str]
) -> None:
    """Made by a hook of botocore, which loses the answer of a write that was done."""
    with fault("answer_lost", *write):
        lost = post(functions, function, path, body)
    made = rows(table)

    again = post(functions, function, path, body)
    once_more = post(functions, function, path, body)

    assert lost.status == 503
    assert again.status < 300
    assert rows(table) == made
    assert once_more.body == again.body


@making
@pytest.mark.parametrize("kind", ["killed_before", "killed_after"])
def test_fault_18_19_a_worker_that_dies_leaves_no_twin(
    functions: Functions,
    clock: Travelling,
    function: str,
    path: str,
    body: dict[str, Any],
    table: str,
    write: tuple[str, str],
    kind: Fault,
) -> None:
    """Made by a hook of botocore, which kills the worker before or after the write."""
    before = rows(table)
    with fault(kind, *write), pytest.raises(KilledError):
        post(functions, function, path, body)
    running = post(functions, function, path, body)
    made = rows(table)
    clock.ahead = timedelta(seconds=31)

    again = post(functions, function, path, body)

    assert (running.status, running.body["code"]) == (409, "still_running")
    assert again.status < 300
    after = rows(table)
    assert len(after) > len(before)
    assert kind == "killed_before" or after == made


def test_fault_13_a_claim_whose_answer_was_lost_is_its_writers_own(functions: Functions) -> None:
    with fault("answer_lost_and_tried_again", "PutItem", "idem#"):
        made = post(functions, "create_credential", "/credentials", CREDENTIAL)

    assert made.status == 201


def test_an_answer_that_could_not_be_kept_is_the_same_when_asked_again(functions: Functions) -> None:
    with fault("never_arrives", "UpdateItem", "idem#"):
        unkept = post(functions, "create_credential", "/credentials", CREDENTIAL)

    again = post(functions, "create_credential", "/credentials", CREDENTIAL)

    assert (unkept.status, again.status) == (503, 201)
    assert told() == ["credential.created"]
    assert len(functions.call("list_credentials", "GET", "/users/ada/credentials").body["data"]) == 1


def test_a_key_whose_request_was_refused_is_free_for_a_better_one(functions: Functions) -> None:
    refused = post(functions, "create_credential", "/credentials", {**CREDENTIAL, "userId": "nobody"})

    made = post(functions, "create_credential", "/credentials", CREDENTIAL)

    assert (refused.status, made.status) == (404, 201)


def test_a_batch_that_broke_off_goes_on_where_it_was(functions: Functions) -> None:
    body = {"users": [{"username": "bob"}, {"username": "ada"}, {"username": "cleo"}]}
    with fault("answer_lost", "TransactWriteItems", "usr_"):
        broken = post(functions, "users", "/users/batch", body)

    again = post(functions, "users", "/users/batch", body)

    assert broken.status == 503
    assert [each["username"] for each in again.body["data"]] == ["bob", "cleo"]
    assert again.body["skipped"] == ["ada"]


def test_a_completion_can_be_asked_again_when_its_answer_was_lost(functions: Functions, provider: Any) -> None:
    completion = completion_of(called_back(functions, *began(functions)))
    body = {"completion": completion, "userId": "ada"}

    first = post(functions, "connect_complete", "/connect/complete", body)
    again = post(functions, "connect_complete", "/connect/complete", body)
    without_key = completed(functions, completion)

    assert (first.status, again.body) == (201, first.body)
    assert without_key.body["code"] == "completion_used"


def test_fault_22_a_completion_that_was_kept_and_never_told_is_told_to_its_own_key(
    functions: Functions, provider: Any
) -> None:
    body = {"completion": completion_of(called_back(functions, *began(functions))), "userId": "ada"}
    with fault("answer_lost", "TransactWriteItems", "cred#"):
        lost = post(functions, "connect_complete", "/connect/complete", body)

    again = post(functions, "connect_complete", "/connect/complete", body)

    assert (lost.status, again.status) == (503, 201)
    assert provider.asked == 1
