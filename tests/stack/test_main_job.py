"""A credential's life on the running stack, and what bad input meets there."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import requests

from tests.stack.conftest import Stack

CANARY = "pk_canary_on_the_stack"


def connect(stack: Stack, name: str) -> str:
    body = {"userId": stack.user(name), "credential": {"type": "klaviyo", "data": {"apiKey": CANARY}}}
    return stack.request("POST", "/credentials", body).json()["credentialId"]


def test_a_key_comes_in_is_listed_handed_out_and_forgotten(stack: Stack) -> None:
    credential_id = connect(stack, "ada@example.com")

    listed = stack.request("GET", "/users/ada@example.com/credentials")
    token = stack.request("POST", f"/credentials/{credential_id}/token", {})
    deleted = stack.request("DELETE", f"/credentials/{credential_id}")
    after = stack.request("GET", f"/credentials/{credential_id}")
    audit = stack.request("GET", f"/audit?credentialId={credential_id}")

    assert [each["credentialId"] for each in listed.json()["data"]] == [credential_id]
    assert CANARY not in listed.text
    assert token.json()["headers"]["Authorization"] == f"Klaviyo-API-Key {CANARY}"
    assert token.headers["cache-control"] == "no-store"
    assert (deleted.status_code, after.status_code) == (200, 404)
    assert [line["action"] for line in audit.json()["data"]] == ["credential.deleted", "credential.created"]


def test_alloys_routes_answer_as_alloy_does(stack: Stack) -> None:
    body = {"userId": stack.user("alloy"), "credential": {"type": "klaviyo", "data": {"apiKey": CANARY}}}

    made = stack.request("POST", "/2024-03/headless/credentials", body)
    listed = stack.request("GET", "/headless/credentials/users/alloy")
    unknown = stack.request("GET", "/2022-01/users")

    assert made.status_code == 200
    assert len(listed.json()["data"]) == 1
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_version")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ('{"username": "a", "username": "b"}', 400),
        ('{"username": NaN}', 400),
        ("[" * 100_000, 400),
        ('{"username": "\\ud800"}', 400),
        ('{"username": "a\\u0000b"}', 422),
        ('{"username": "a", "workspaceId": "ws_other"}', 422),
        ("{}", 422),
        ('{"username": "' + "a" * 300 * 1024 + '"}', 413),
    ],
    ids=["open", "twins", "nan", "deep", "surrogate", "nul", "unknown", "missing", "large"],
)
def test_bad_input_meets_its_own_status_in_the_contracts_shape(stack: Stack, body: str, status: int) -> None:
    answer = stack.request("POST", "/users", data=body)

    assert answer.status_code == status
    assert set(answer.json()) == {"message", "code", "requestId", "details"}
    assert answer.headers["x-request-id"] == answer.json()["requestId"]


def test_attack_46_a_form_is_not_json(stack: Stack) -> None:
    answer = stack.request("POST", "/users", data='{"username": "x"}', headers={"content-type": "text/plain"})

    assert answer.status_code == 415


@pytest.mark.parametrize("key", ["", "evg_x", "Bearer", "evg_" + "0" * 100])
def test_no_key_no_answer(stack: Stack, key: str) -> None:
    answer = requests.get(f"{stack.url}/users", headers={"authorization": f"Bearer {key}"}, timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/nope", "/credentials/x/y/z", "/users/x/nope"])
def test_an_unknown_route_is_not_there(stack: Stack, path: str) -> None:
    answer = stack.request("GET", path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["//users", "/users/", "/USERS", "/users;a", "/x/../users", "/%2e%2e/users", "/health/../users"]
)
def test_attack_41_no_spelling_of_a_path_goes_round_the_key(stack: Stack, path: str) -> None:
    session = requests.Session()
    prepared = session.prepare_request(requests.Request("GET", stack.url))
    prepared.url = stack.url + path

    with session:
        answer = session.send(prepared, timeout=60)

    assert answer.status_code in {400, 401, 403, 404}


def test_attack_47_twins_with_one_idempotency_key_make_one_thing(stack: Stack) -> None:
    user_id = stack.user("twins")
    body = {"userId": user_id, "credential": {"type": "klaviyo", "data": {"apiKey": CANARY}}}
    headers = {"idempotency-key": str(uuid.uuid4())}

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(stack.request, "POST", "/credentials", body, headers=headers) for _ in range(8)]
        answers = [each.result() for each in running]
    other = stack.request("POST", "/credentials", {**body, "userId": "nobody"}, headers=headers)
    listed = stack.request("GET", f"/users/{user_id}/credentials").json()["data"]

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(listed) == 1
    assert {answer.json().get("credentialId") for answer in answers} - {None} == {listed[0]["credentialId"]}
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")


def test_attack_48_a_cursor_cannot_be_forged_or_carried_elsewhere(stack: Stack) -> None:
    for number in range(3):
        stack.user(f"cursor-{number}")
    cursor = stack.request("GET", "/users?limit=1").json()["nextCursor"]

    forged = stack.request("GET", f"/users?limit=1&cursor={cursor[:-4]}AAAA")
    elsewhere = stack.request("GET", f"/users/cursor-0/credentials?cursor={cursor}")

    assert [answer.json()["code"] for answer in (forged, elsewhere)] == ["unusable_cursor"] * 2


def test_attack_37_ids_are_random_and_say_nothing(stack: Stack) -> None:
    ids = [stack.user(f"random-{number}") for number in range(3)]

    assert all(re.fullmatch(r"usr_[0-9a-hjkmnp-tv-z]{36}", each) for each in ids)
    assert len({each[-26:] for each in ids}) == 3


def test_metadata_lists_every_app(stack: Stack) -> None:
    listed = stack.request("GET", "/headless/metadata/credentials").json()["data"]
    one = stack.request("GET", "/metadata/credentials/wooCommerce").json()["data"]

    assert {"shopify", "klaviyo", "stripe"} <= {app["name"] for app in listed}
    assert one["name"] == "woocommerce"


@pytest.mark.parametrize("name", ["Zoe\u0308 😀", 'a"b`c\\d', "50% & more?#", "a+b@example.com"])
def test_attack_44_a_user_is_found_by_the_very_name_it_was_made_with(stack: Stack, name: str) -> None:
    user_id = stack.user(name)

    found = stack.request("GET", f"/users/{quote(name, safe='')}")

    assert (found.status_code, found.json().get("userId")) == (200, user_id)
