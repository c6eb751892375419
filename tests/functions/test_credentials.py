"""A static credential's whole life, through the handlers."""

import json

import boto3

from tests.functions.deployment import Functions
from tests.functions.keys import CANARY, connect


def test_a_key_comes_in_is_listed_handed_out_and_forgotten(functions: Functions) -> None:
    made = connect(functions)
    path = f"/credentials/{made.body['credentialId']}"

    listed = functions.call("list_credentials", "GET", "/users/ada@example.com/credentials")
    token = functions.call("fresh_token", "POST", f"{path}/token", {})
    deleted = functions.call("delete_credential", "DELETE", path)
    again = functions.call("delete_credential", "DELETE", path)

    assert made.status == 201
    assert [each["credentialId"] for each in listed.body["data"]] == [made.body["credentialId"]]
    assert token.body["headers"]["Authorization"] == f"Klaviyo-API-Key {CANARY}"
    assert token.headers["cache-control"] == "no-store"
    assert (deleted.status, deleted.body) == (
        200,
        {"success": True, "revoked": False, "revokeReason": "not_supported"},
    )
    assert again.status == 404


def test_no_list_and_no_table_shows_the_secret(functions: Functions) -> None:
    made = connect(functions)

    listed = functions.call("list_credentials", "GET", "/users/ada@example.com/credentials")
    got = functions.call("get_credential", "GET", f"/credentials/{made.body['credentialId']}")
    rows = [
        boto3.client("dynamodb").scan(TableName=name)["Items"]
        for name in ("credentials", "directory", "sessions", "events", "audit", "keys")
    ]

    assert CANARY not in json.dumps([made.body, listed.body, got.body]) + repr(rows)


def test_missing_and_extra_properties_are_named(functions: Functions) -> None:
    answer = connect(functions, data={"apikey": CANARY})

    assert answer.status == 422
    assert {each["path"] for each in answer.body["details"]} == {
        "credential.data.apiKey",
        "credential.data.apikey",
    }
    assert CANARY not in json.dumps(answer.body)


def test_an_app_that_nobody_knows_is_refused(functions: Functions) -> None:
    answer = connect(functions, type="no-such-app")

    assert (answer.status, answer.body["code"]) == (422, "unknown_app")


def test_attack_36_another_workspace_sees_what_nobody_sees(functions: Functions) -> None:
    made = connect(functions)
    other = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    stranger = {
        "workspaceId": other["workspaceId"],
        "apiKeyId": other["apiKeyId"],
        "scopes": functions.scopes,
    }
    theirs, nobodys = made.body["credentialId"], made.body["credentialId"][:-1] + "0"

    for name, method, path in (
        ("get_credential", "GET", "/credentials/{}"),
        ("patch_credential", "PATCH", "/credentials/{}"),
        ("delete_credential", "DELETE", "/credentials/{}"),
        ("fresh_token", "POST", "/credentials/{}/token"),
    ):
        answers = [
            functions.call(name, method, path.format(identity), {}, authorizer=stranger)
            for identity in (theirs, nobodys)
        ]
        assert [answer.status for answer in answers] == [404, 404]
        assert answers[0].body == answers[1].body


def test_a_patch_replaces_the_secret_and_keeps_the_id(functions: Functions) -> None:
    made = connect(functions)
    path = f"/credentials/{made.body['credentialId']}"

    patched = functions.call("patch_credential", "PATCH", path, {"name": "New", "data": {"apiKey": "pk_other"}})
    token = functions.call("fresh_token", "POST", f"{path}/token")

    assert (patched.status, patched.body["name"]) == (200, "New")
    assert token.body["secret"] == {"apiKey": "pk_other"}


def test_a_revoked_key_releases_nothing_at_once(functions: Functions) -> None:
    made = connect(functions)
    functions.call("api_keys", "DELETE", f"/api-keys/{functions.api_key_id}")

    token = functions.call("fresh_token", "POST", f"/credentials/{made.body['credentialId']}/token", {})

    assert token.status == 401


def test_a_key_without_the_scope_is_refused(functions: Functions) -> None:
    made = connect(functions)
    functions.scopes = "credentials:read"

    token = functions.call("fresh_token", "POST", f"/credentials/{made.body['credentialId']}/token", {})

    assert (token.status, token.body["code"]) == (403, "scope_missing")


def test_a_list_by_status_fills_its_pages(functions: Functions) -> None:
    for _ in range(3):
        connect(functions)
    query = {"limit": "1", "status": "active"}

    first = functions.call("list_credentials", "GET", "/users/ada@example.com/credentials", query=query)
    none = functions.call(
        "list_credentials", "GET", "/users/ada@example.com/credentials", query={"limit": "1", "status": "expired"}
    )

    assert (len(first.body["data"]), first.body["nextCursor"] is None) == (1, False)
    assert none.body == {"data": [], "nextCursor": None}
