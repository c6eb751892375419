"""Every row of the contract's status table that a caller can reach, on the running stack."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.stack.conftest import Stack

STATIC = {"type": "klaviyo", "data": {"apiKey": "pk_canary_0123456789"}}
OWN = {
    "slug": "their-own",
    "name": "Own",
    "docs_url": "https://own.example/docs",
    "methods": [
        {
            "kind": "oauth2",
            "authorization_endpoint": "https://own.example/authorize",
            "token_endpoint": "https://own.example/token",
            "request": {"base_url": "https://own.example", "headers": {"Authorization": "Bearer {accessToken}"}},
        }
    ],
}
SHAPE = {"message", "code", "requestId", "details"}


def rows(stack: Stack) -> set[tuple[str, str]]:
    """What a request could have made; what the schedules write is left out."""
    client = stack.aws("dynamodb")
    names: list[str] = client.list_tables()["TableNames"]
    items = [
        item
        for name in names
        if any(part in name for part in ("CredentialsTable", "DirectoryTable", "AuditTable"))
        for page in client.get_paginator("scan").paginate(TableName=name, ProjectionExpression="pk, sk")
        for item in page["Items"]
    ]
    assert items
    return {(item["pk"]["S"], item["sk"]["S"]) for item in items}


def test_missing_and_extra_properties_are_each_named_by_their_path(stack: Stack) -> None:
    credential = {"type": "twilio", "data": {"username": "AC", "surprise": "x"}}
    answer = stack.request("POST", "/credentials", {"userId": stack.user("paths"), "credential": credential})

    assert answer.status_code == 422
    assert {each["path"] for each in answer.json()["details"]} == {
        "credential.data.username",
        "credential.data.password",
        "credential.data.surprise",
    }


@pytest.mark.parametrize(
    ("type_", "code"), [("nobody", "unknown_app"), ("quickbooks-online", "oauth_app"), ("../klaviyo", "unknown_app")]
)
def test_an_app_that_cannot_be_had_by_values_says_so(stack: Stack, type_: str, code: str) -> None:
    body = {
        "userId": stack.user(f"app-{code}-{len(type_)}"),
        "credential": {"type": type_, "data": {"accessToken": "x"}},
    }

    answer = stack.request("POST", "/credentials", body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["details"]


@pytest.mark.parametrize("value", ["a\r\nb", "a\u0000b", ""])
def test_attack_50_a_value_that_could_split_a_header_is_refused(stack: Stack, value: str) -> None:
    credential = {"type": "klaviyo", "data": {"apiKey": value}}
    answer = stack.request(
        "POST", "/credentials", {"userId": stack.user(f"split{len(value)}"), "credential": credential}
    )

    assert (answer.status_code, answer.json()["details"][0]["path"]) == (422, "credential.data.apiKey")


@pytest.mark.parametrize("field", ["workspaceId", "status", "generation", "version", "sealed", "dueAt", "accountId"])
def test_attack_42_no_field_of_the_row_can_be_assigned(stack: Stack, field: str) -> None:
    body = {"userId": stack.user(f"mass-{field}"), "credential": {**STATIC, field: "x"}}

    answer = stack.request("POST", "/credentials", body)

    assert (answer.status_code, answer.json()["details"][0]["path"]) == (422, f"credential.{field}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users"),
        ("PUT", "/users/nobody"),
        ("POST", "/credentials"),
        ("PUT", "/apps/x"),
        ("PUT", "/apps/hubspot/client"),
        ("POST", "/connect/complete"),
        ("POST", "/connect/sessions"),
        ("POST", "/webhooks/endpoints"),
        ("POST", "/api-keys"),
        ("PUT", "/workspace"),
    ],
)
@pytest.mark.parametrize(
    "body", ["{", '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000, '{"a": "\\udc00"}', "nul", "1e999"]
)
def test_attack_43_45_what_is_not_strict_json_is_400_everywhere(
    stack: Stack, method: str, path: str, body: str
) -> None:
    before = rows(stack)

    answer = stack.request(method, path, data=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")
    assert answer.json().keys() >= SHAPE
    assert rows(stack) == before


def test_attack_36_another_workspaces_ids_look_like_ids_of_nothing(stack: Stack, stranger: str) -> None:
    user = stack.user("foreign")
    made = stack.request("POST", "/credentials", {"userId": user, "credential": STATIC}).json()["credentialId"]
    endpoint = stack.request("POST", "/webhooks/endpoints", {"url": "https://shop.example/hook"}).json()["endpointId"]
    event = stack.request("GET", f"/events?credentialId={made}").json()["data"][0]["id"]
    key = stack.request("POST", "/api-keys", {"name": "k", "scopes": ["audit"]}).json()["apiKeyId"]
    routes: list[tuple[str, str, object]] = [
        ("GET", f"/credentials/{made}", None),
        ("PATCH", f"/credentials/{made}", {"name": "x"}),
        ("DELETE", f"/credentials/{made}", None),
        ("POST", f"/credentials/{made}/token", {}),
        ("POST", f"/credentials/{made}/verify", None),
        ("GET", f"/users/{user}", None),
        ("PUT", f"/users/{user}", {"fullName": "x"}),
        ("DELETE", f"/users/{user}", None),
        ("GET", f"/users/{user}/credentials", None),
        ("GET", f"/users/{user}/token", None),
        ("GET", f"/webhooks/endpoints/{endpoint}", None),
        ("DELETE", f"/webhooks/endpoints/{endpoint}", None),
        ("POST", f"/webhooks/endpoints/{endpoint}/rotate-secret", {}),
        ("GET", f"/events/{event}", None),
        ("POST", f"/events/{event}/redeliver", {}),
        ("DELETE", f"/api-keys/{key}", None),
        ("PATCH", f"/webhooks/endpoints/{endpoint}", {"status": "paused"}),
        ("POST", f"/webhooks/endpoints/{endpoint}/test", None),
        ("POST", f"/webhooks/endpoints/{endpoint}/replay", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", f"/events/{event}/deliveries", None),
        ("GET", "/apps/their-own/client", None),
        ("PUT", "/apps/their-own/client", {"clientId": "x", "clientSecret": "y"}),
        ("DELETE", "/apps/their-own/client", None),
        ("GET", "/apps/their-own", None),
        ("GET", f"/oauthUrl?userId={user}&app=hubspot", None),
        ("POST", "/credentials", {"userId": user, "credential": STATIC}),
        ("POST", "/connect/sessions", {"userId": user}),
    ]
    assert stack.request("PUT", "/apps/their-own", OWN).status_code == 200

    for method, path, content in routes:
        theirs = stack.request(method, path, content, key=stranger)
        nowhere, nothing = path.replace("their-own", "nobodys"), json.dumps(content)
        for part in (made, user, endpoint, event, key):
            nowhere, nothing = (each.replace(part, part[:-20] + "0" * 20) for each in (nowhere, nothing))
        random = stack.request(method, nowhere, json.loads(nothing), key=stranger)

        assert theirs.status_code == random.status_code == 404, path
        assert _without_id(theirs.json()) == _without_id(random.json()), path
    assert stack.request("GET", f"/credentials/{made}").status_code == 200
    stack.request("DELETE", f"/webhooks/endpoints/{endpoint}")


def test_webhook_secrets_rotate_and_events_are_sent_again(stack: Stack) -> None:
    from tests.stack.receiver import receiving

    with receiving() as receiver:
        made = stack.request(
            "POST", "/webhooks/endpoints", {"url": receiver.url, "events": ["credential.created"]}
        ).json()
        receiver.secret = made["secret"]
        rotated = stack.request("POST", f"/webhooks/endpoints/{made['endpointId']}/rotate-secret", {}).json()
        stack.request("POST", "/credentials", {"userId": stack.user("rotates"), "credential": STATIC})
        by_old = receiver.wait_for("credential.created", seconds=120)
        receiver.secret = rotated["secret"]
        receiver.received.clear()
        again = stack.request("POST", f"/events/{by_old['id']}/redeliver", {"endpointId": made["endpointId"]})
        by_new = receiver.wait_for("credential.created", seconds=120)
        replayed = stack.request(
            "POST", f"/webhooks/endpoints/{made['endpointId']}/replay", {"since": by_old["timestamp"]}
        )
        listed = stack.request("GET", "/webhooks/replays?limit=1")
        stack.request("DELETE", f"/webhooks/endpoints/{made['endpointId']}")

    assert rotated["secret"] != made["secret"]
    assert (again.status_code, again.json()) == (202, {"deliveries": 1})
    assert by_new["id"] == by_old["id"]
    assert (replayed.status_code, replayed.json()["replayed"] >= 1) == (202, True)
    assert [each["replayId"] for each in listed.json()["data"]] == [replayed.json()["replayId"]]


def test_attack_33_no_table_and_no_log_has_a_secret(stack: Stack) -> None:
    secret = "pk_canary_0123456789"
    made = stack.request("POST", "/credentials", {"userId": stack.user("canary"), "credential": STATIC}).json()
    stack.request("POST", f"/credentials/{made['credentialId']}/token", {})
    stack.request("PATCH", f"/credentials/{made['credentialId']}", {"data": {"apiKey": secret, "x": secret}})
    client = stack.aws("dynamodb")
    tables: list[str] = client.list_tables()["TableNames"]
    rows = [row for table in tables for row in client.scan(TableName=table)["Items"]]

    assert rows
    assert secret not in json.dumps(rows, default=lambda value: value.hex() if isinstance(value, bytes) else str(value))
    assert secret.encode().hex() not in json.dumps(rows, default=lambda value: value.hex())
    assert secret not in (stack.state / "emulator.log").read_text(errors="replace")


def _without_id(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "requestId"}


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "BREW", "OPTIONS"])
def test_a_method_without_a_route_is_not_there(stack: Stack, method: str) -> None:
    answer = stack.request(method, "/users")

    assert answer.status_code == 404
    assert answer.headers["x-request-id"]
    assert method == "HEAD" or answer.json()["code"] == "not_found"


def test_a_body_in_chunks_is_a_body(stack: Stack) -> None:
    headers = {"authorization": f"Bearer {stack.key}", "content-type": "application/json"}
    body = iter([b'{"username": ', b'"in-chunks"}'])

    made = requests.post(f"{stack.url}/users", data=body, headers=headers, timeout=60)

    assert (made.status_code, stack.request("GET", "/users/in-chunks").status_code) == (200, 200)


def test_attack_51_a_production_workspace_registers_no_loopback(stack: Stack, stranger: str) -> None:
    answer = stack.request("POST", "/webhooks/endpoints", {"url": "http://127.0.0.1:9999/x"}, key=stranger)

    assert (answer.status_code, answer.json()["details"][0]["path"]) == (422, "url")


def test_attack_57_of_rotations_at_once_every_secret_signs(stack: Stack) -> None:
    from tests.stack.receiver import receiving

    with receiving() as receiver:
        made = stack.request("POST", "/webhooks/endpoints", {"url": receiver.url, "events": ["webhook.test"]}).json()
        path = f"/webhooks/endpoints/{made['endpointId']}"
        with ThreadPoolExecutor(8) as pool:
            rotating = [pool.submit(stack.request, "POST", f"{path}/rotate-secret", {}) for _ in range(8)]
            answers = [each.result() for each in rotating]
        stack.request("POST", f"{path}/test")
        receiver.wait_for("webhook.test", seconds=120)
        signatures = receiver.headers[-1]["webhook-signature"].split()
        stack.request("DELETE", path)

    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["secret"] for answer in answers}) == 8
    assert len(signatures) == 9
