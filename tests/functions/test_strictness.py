"""What is sent is taken as it is, or refused by its path; and what cannot be read hides nothing else."""

import boto3
import pytest

from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.test_apps import OWN

NO_MOMENTS: list[object] = [
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "1999-12-31T23:59:59Z",
    "2030-01-01T00:00:00",
    "2030-13-01T00:00:00Z",
    "1900000000",
    "tomorrow",
    "",
]
NO_TEXT: list[object] = [1900000000, 1.9e9, True, [], {}]


def test_a_time_that_is_none_is_refused_wherever_one_is_sent(functions: Functions) -> None:
    patch = f"/credentials/{connect(functions).body['credentialId']}"
    replay = f"/webhooks/endpoints/ep_{'0' * 36}/replay"
    taken: list[object] = []

    for value in NO_MOMENTS + NO_TEXT:
        key = {"name": "x", "scopes": ["audit"], "expiresAt": value}
        answers = [
            connect(functions, expiresAt=value),
            functions.call("patch_credential", "PATCH", patch, {"expiresAt": value}),
            functions.call("api_keys", "POST", "/api-keys", key),
            functions.call("webhook_endpoints", "POST", replay, {"since": value}),
            functions.call("events", "GET", "/events", query={"since": str(value)}),
            functions.call("audit", "GET", "/audit", query={"since": str(value)}),
        ]
        taken += [(value, each.status) for each in answers if each.status != 422]

    assert taken == []


@pytest.mark.parametrize(
    "value", ["2030-01-01T00:00:00Z", "2030-01-01T01:00:00.000+01:00", "9989-12-31T23:59:59-23:59"]
)
def test_a_time_with_its_offset_comes_back_in_utc(functions: Functions, value: str) -> None:
    made = connect(functions, expiresAt=value)

    assert made.status == 201, made.body
    assert made.body["credential"]["expiresAt"].endswith("Z")
    assert functions.call("list_credentials", "GET", "/users/ada@example.com/credentials").status == 200


def test_a_key_that_is_over_is_not_made(functions: Functions) -> None:
    body = {"name": "x", "scopes": ["audit"], "expiresAt": "2020-01-01T00:00:00Z"}

    answer = functions.call("api_keys", "POST", "/api-keys", body)

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "expiresAt")


@pytest.mark.parametrize(
    ("function", "method", "path", "body", "named"),
    [
        ("fresh_token", "POST", "/credentials/x/token", {"minValiditySeconds": "5"}, "minValiditySeconds"),
        ("fresh_token", "POST", "/credentials/x/token", {"force": "yes"}, "force"),
        ("fresh_token", "POST", "/credentials/x/token", {"force": 1}, "force"),
        ("users", "POST", "/users", {"username": 5}, "username"),
        ("workspace", "PUT", "/workspace", {"name": "x", "allowUnboundOauth": "true"}, "allowUnboundOauth"),
        ("workspace", "PUT", "/workspace", {"name": "x", "branding": {"radius": "4"}}, "branding.radius"),
        ("webhook_endpoints", "POST", "/webhooks/endpoints/x/rotate-secret", {"overlapSeconds": 5.0}, "overlapSeconds"),
        (
            "webhook_endpoints",
            "POST",
            "/webhooks/endpoints/x/replay",
            {"since": "2026-01-01T00:00:00Z", "onlyFailed": "1"},
            "onlyFailed",
        ),
        (
            "apps",
            "PUT",
            "/apps/my-erp",
            {**OWN, "rate_limits": [{"requests": "5", "seconds": 1}]},
            "rate_limits.0.requests",
        ),
    ],
)
def test_a_value_of_another_type_is_refused(
    functions: Functions, function: str, method: str, path: str, body: object, named: str
) -> None:
    answer = functions.call(function, method, path, body)

    assert answer.status == 422
    assert named in [each["path"] for each in answer.body["details"]]


def test_queries_are_text_and_read_as_what_they_mean(functions: Functions) -> None:
    assert functions.call("users", "GET", "/users", query={"limit": "5"}).status == 200


@pytest.mark.parametrize(
    ("table", "function", "path"),
    [
        ("credentials", "list_credentials", "/users/ada@example.com/credentials"),
        ("events", "events", "/events"),
        ("audit", "audit", "/audit"),
        ("directory", "users", "/users"),
    ],
)
def test_a_row_that_cannot_be_read_spoils_no_list(
    functions: Functions, table: str, function: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    connect(functions)
    functions.call("users", "POST", "/users", {"username": "bob"})
    client = boto3.client("dynamodb")
    before = len(functions.call(function, "GET", path).body["data"])
    first = next(
        item
        for item in client.scan(TableName=table)["Items"]
        if {"at", "created_at"} & item.keys() and "usr_" in str(item)
    )
    where = {"pk": first["pk"], "sk": first["sk"]}
    broken = "at" if "at" in first else "created_at"
    client.update_item(
        TableName=table,
        Key=where,
        UpdateExpression="SET #at = :never",
        ExpressionAttributeNames={"#at": broken},
        ExpressionAttributeValues={":never": {"N": "253402387199000"}},
    )

    answer = functions.call(function, "GET", path)

    assert (answer.status, len(answer.body["data"])) == (200, before - 1)
    assert "row_unreadable" in caplog.messages


def test_what_is_wrong_is_said_in_our_words_alone(functions: Functions) -> None:
    answer = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", {"url": "http://shop.example"})

    (detail,) = answer.body["details"]
    assert (answer.status, detail["path"]) == (422, "url")
    assert detail["message"].startswith("Must be an https URL")
