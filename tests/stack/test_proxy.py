"""Calling a provider through the running stack: bytes both ways, and the secret in neither."""

import os
from collections.abc import Iterator

import pytest
import requests

from tests.functions.loopback import Loopback, Told, provider
from tests.stack.conftest import Stack

SECRET = "proxied-canary"
PICTURE = bytes(range(256)) * 40
MOST = 4_500_000
"""Bytes each way; in Base64 they are 6.0 MB, and Lambda takes 6,291,456 bytes."""


@pytest.fixture
def erp(stack: Stack) -> Iterator[Loopback]:
    """An app on loopback that echoes what it is sent."""
    with provider() as told:
        way = {
            "kind": "api_key",
            "properties": [{"name": "apiKey", "label": "Key"}],
            "request": {"base_url": f"{told.url}/v1", "headers": {"X-Key": "{apiKey}"}},
        }
        entry = {"slug": "echo-erp", "name": "Echo ERP", "docs_url": "https://erp.example/docs", "methods": [way]}
        assert stack.request("PUT", "/apps/echo-erp", entry).status_code == 200
        told.answer = lambda asked: Told(200, asked.body, {"Content-Type": "image/png", "Set-Cookie": "a=b"})
        yield told


def connected(stack: Stack, name: str) -> str:
    user = stack.user(name)
    body = {"userId": user, "credential": {"type": "echo-erp", "data": {"apiKey": SECRET}}}
    made = stack.request("POST", "/credentials", body)
    assert made.status_code == 201, made.text
    return made.json()["credentialId"]


def test_bytes_pass_both_ways_and_the_secret_is_added(stack: Stack, erp: Loopback) -> None:
    url = f"{stack.url}/proxy/{connected(stack, 'proxy-bytes')}/pictures/ada.png"

    answer = requests.put(
        url,
        params={"size": "large"},
        data=PICTURE,
        headers={"Authorization": f"Bearer {stack.key}", "Content-Type": "image/png"},
        timeout=30,
    )

    asked = erp.asked[-1]
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PICTURE, "image/png")
    assert (asked.method, asked.path, asked.body) == ("PUT", "/v1/pictures/ada.png?size=large", PICTURE)
    assert asked.headers["x-key"] == SECRET
    assert "authorization" not in asked.headers
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-security-policy"] == "sandbox"


def put(stack: Stack, credential_id: str, body: bytes) -> requests.Response:
    return requests.put(
        f"{stack.url}/proxy/{credential_id}/pictures/ada.png",
        data=body,
        headers={"Authorization": f"Bearer {stack.key}", "Content-Type": "image/png"},
        timeout=60,
    )


def test_the_most_that_may_passes_both_ways_byte_by_byte(stack: Stack, erp: Loopback) -> None:
    whole = os.urandom(MOST)

    answer = put(stack, connected(stack, "proxy-most"), whole)

    assert (answer.status_code, len(answer.content)) == (200, MOST)
    assert answer.content == erp.asked[-1].body == whole


def test_a_byte_more_is_refused_on_the_way_there_and_on_the_way_back(stack: Stack, erp: Loopback) -> None:
    credential_id = connected(stack, "proxy-more")
    erp.answer = lambda _: Told(200, bytes(MOST + 1), {"Content-Type": "image/png"})

    there, asked = put(stack, credential_id, bytes(MOST + 1)), len(erp.asked)
    back = put(stack, credential_id, b"small")

    assert (there.status_code, asked) == (413, 0)
    assert (back.status_code, back.json()["code"]) == (502, "answer_too_large")
    assert SECRET not in there.text + back.text


def test_passthrough_answers_as_alloys_clients_expect(stack: Stack, erp: Loopback) -> None:
    erp.answer = lambda _: Told(200, {"orders": [1]})
    asked = {"method": "GET", "path": "/orders", "query": '{"page": 2}'}

    answer = stack.request("POST", f"/passthrough?credentialId={connected(stack, 'proxy-json')}", asked)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["data"]) == (200, {"orders": [1]})
    assert erp.asked[-1].path == "/v1/orders?page=2"
