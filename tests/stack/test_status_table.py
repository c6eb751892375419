"""The rows of the contract's status table that are neither bad input nor OAuth's, on the running stack."""

import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.stack.conftest import Stack

STATIC = {"type": "klaviyo", "data": {"apiKey": "pk_1"}}
UNPROBED = {
    "slug": "unprobed",
    "name": "Unprobed",
    "docs_url": "https://unprobed.example/docs",
    "methods": [
        {
            "kind": "api_key",
            "properties": [{"name": "apiKey", "label": "Key"}],
            "request": {"base_url": "https://unprobed.example", "headers": {"X-Key": "{apiKey}"}},
        }
    ],
}
"""Nothing checks it, so that no schedule changes its row."""
ROUTES: list[tuple[str, str, object, str]] = [
    ("GET", "/users", None, "connect"),
    ("POST", "/users", {"username": "nobody"}, "connect"),
    ("POST", "/connect/sessions", {"userId": "scopes"}, "connect"),
    ("GET", "/oauthUrl?userId=scopes&app=hubspot", None, "connect"),
    ("GET", "/users/scopes/credentials", None, "credentials:read"),
    ("GET", "/credentials/{credential}", None, "credentials:read"),
    ("POST", "/credentials", {"userId": "scopes", "credential": STATIC}, "credentials:write"),
    ("PATCH", "/credentials/{credential}", {"name": "x"}, "credentials:write"),
    ("DELETE", "/credentials/{credential}", None, "credentials:write"),
    ("POST", "/credentials/{credential}/verify", None, "credentials:write"),
    ("POST", "/credentials/{credential}/token", {}, "secrets:read"),
    ("GET", "/proxy/{credential}/profiles", None, "proxy"),
    ("GET", "/apps/klaviyo", None, "apps"),
    ("GET", "/webhooks/endpoints", None, "webhooks"),
    ("GET", "/events", None, "webhooks"),
    ("GET", "/audit", None, "audit"),
    ("GET", "/api-keys", None, "admin"),
    ("GET", "/workspace", None, "admin"),
]


@pytest.fixture(scope="module")
def credential(stack: Stack) -> str:
    made = stack.request("POST", "/credentials", {"userId": stack.user("scopes"), "credential": STATIC})
    return made.json()["credentialId"]


@pytest.fixture(scope="module")
def keys(stack: Stack) -> dict[str, str]:
    """For each scope a key that has all the others."""
    scopes = sorted({scope for *_, scope in ROUTES})
    made = {
        scope: stack.request(
            "POST", "/api-keys", {"name": f"not {scope}", "scopes": [each for each in scopes if each != scope]}
        )
        for scope in scopes
    }
    return {scope: answer.json()["key"] for scope, answer in made.items()}


@pytest.mark.parametrize(("method", "path", "content", "scope"), ROUTES)
def test_a_key_without_the_scope_is_403(
    stack: Stack, keys: dict[str, str], credential: str, method: str, path: str, content: object, scope: str
) -> None:
    answer = stack.request(method, path.format(credential=credential), content, key=keys[scope])

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("sent", [{"authorization": ""}, {"authorization": "Bearer nonsense"}, {"authorization": "x"}])
@pytest.mark.parametrize(("method", "path", "content", "scope"), ROUTES)
def test_no_key_or_an_unknown_one_is_401(
    stack: Stack, credential: str, method: str, path: str, content: object, scope: str, sent: dict[str, str]
) -> None:
    answer = stack.request(method, path.format(credential=credential), content, headers=sent)

    assert answer.status_code == 401
    assert answer.json().keys() >= {"message", "code", "requestId", "details"}


def test_a_name_that_is_taken_is_409(stack: Stack) -> None:
    stack.user("taken")

    again = stack.request("POST", "/users", {"username": "taken"})

    assert (again.status_code, again.json()["code"]) == (409, "username_taken")


@pytest.mark.parametrize(
    ("aged", "code"),
    [
        ("SET secret_until = :past", "secret_already_shown"),
        ("SET claimed_until = :future REMOVE sealed, answer_status", "still_running"),
    ],
)
def test_a_first_answer_that_cannot_be_given_again_is_409(stack: Stack, aged: str, code: str) -> None:
    chosen = {"idempotency-key": str(uuid.uuid4())}
    body = {"name": "k", "scopes": ["audit"]}
    before = {each["pk"]["S"] for each in answers(stack)}
    first = stack.request("POST", "/api-keys", body, headers=chosen)
    (row,) = [each for each in answers(stack) if each["pk"]["S"] not in before]
    values = {":past": {"N": "1"}, ":future": {"N": str(10**14)}}
    stack.aws("dynamodb").update_item(
        TableName=table(stack, "Sessions"),
        Key={"pk": row["pk"], "sk": row["sk"]},
        UpdateExpression=aged,
        ExpressionAttributeValues={name: each for name, each in values.items() if name in aged},
    )

    again = stack.request("POST", "/api-keys", body, headers=chosen)

    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, code)


def test_a_workspace_that_makes_too_much_at_a_time_is_429_and_is_let_in_again(stack: Stack) -> None:
    shop = {"action": "create_workspace", "name": "Busy", "environment": "production"}
    busy: dict[str, str] = stack.invoke("AdminFunction", shop)
    place = {"pk": {"S": f"rate#{busy['workspaceId']}"}, "sk": {"S": "rate"}}
    full_at = {"N": str(int(time.time() * 1000) + 3_600_000)}
    sessions: dict[str, Any] = {"TableName": table(stack, "Sessions")}
    stack.aws("dynamodb").put_item(**sessions, Item={**place, "full_at": full_at})

    refused = stack.request("POST", "/users", {"username": "ada"}, key=busy["apiKey"])
    stack.aws("dynamodb").delete_item(**sessions, Key=place)
    taken = stack.request("POST", "/users", {"username": "ada"}, key=busy["apiKey"])

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) > 0
    assert taken.status_code == 200


@pytest.mark.parametrize(
    ("function", "setting", "method", "path", "content"),
    [
        ("GetCredentialFunction", "CREDENTIALS_TABLE", "GET", "/credentials/{credential}", None),
        ("UsersFunction", "DIRECTORY_TABLE", "GET", "/users/scopes", None),
        ("FreshTokenFunction", "CREDENTIALS_TABLE", "POST", "/credentials/{credential}/token", {}),
    ],
)
def test_fault_46_a_table_that_is_gone_is_503(
    stack: Stack, credential: str, function: str, setting: str, method: str, path: str, content: object
) -> None:
    """Made by the emulator, which has no table of that name."""
    path = path.format(credential=credential)
    with started_anew(stack, function, **{setting: "gone"}):
        away = stack.request(method, path, content)

    back = stack.request(method, path, content)

    assert (away.status_code, back.status_code) == (503, 200)
    assert int(away.headers["retry-after"]) > 0


def test_fault_03_a_key_that_is_disabled_is_503_and_nothing_is_marked(stack: Stack) -> None:
    """Made by the emulator, which refuses a disabled key; moto does not."""
    stack.request("PUT", "/apps/unprobed", UNPROBED)
    credential = {"type": "unprobed", "data": {"apiKey": "k"}}
    made = stack.request("POST", "/credentials", {"userId": stack.user("disabled-key"), "credential": credential})
    path = f"/credentials/{made.json()['credentialId']}"
    before = stack.request("GET", path).json()
    with started_anew(stack, "FreshTokenFunction") as settings:
        kms, key = stack.aws("kms"), settings["KMS_KEY_ARN"]
        kms.disable_key(KeyId=key)
        away = stack.request("POST", f"{path}/token", {})
        kms.enable_key(KeyId=key)

    back = stack.request("POST", f"{path}/token", {})

    assert (away.status_code, away.json()["code"], back.status_code) == (503, "key_unavailable", 200)
    assert int(away.headers["retry-after"]) > 0
    assert stack.request("GET", path).json() == before


@contextmanager
def started_anew(stack: Stack, name: str, **changed: str) -> Generator[dict[str, str]]:
    """A function in a cold environment, with other settings; and in another cold one after."""
    client = stack.aws("lambda")
    function = next(
        each["FunctionName"] for each in client.list_functions()["Functions"] if name in each["FunctionName"]
    )
    settings: dict[str, str] = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    fresh = {"STARTED": str(uuid.uuid4())}
    try:
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**settings, **fresh, **changed}}
        )
        yield settings
    finally:
        client.update_function_configuration(FunctionName=function, Environment={"Variables": settings})


def table(stack: Stack, name: str) -> str:
    names: list[str] = stack.aws("dynamodb").list_tables()["TableNames"]
    return next(each for each in names if f"{name}Table" in each)


def answers(stack: Stack) -> list[dict[str, Any]]:
    """The first answers that are kept."""
    client = stack.aws("dynamodb")
    pages = client.get_paginator("scan").paginate(TableName=table(stack, "Sessions"))
    return [item for page in pages for item in page["Items"] if item["sk"]["S"] == "idem"]
