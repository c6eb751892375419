"""What the catalogue's schema refuses: 422 that names the path, and nothing is stored, in any table or queue."""

import copy
from typing import Any

import boto3
import pytest

from tests.functions.deployment import Functions
from tests.functions.redirects import ENTRY

ZENDESK = {"subdomain": "ada", "clientId": "id", "clientSecret": "shh-canary"}
KLAVIYO = {"apiKey": "pk_canary"}
SUBDOMAIN, KEY = "credential.data.subdomain", "credential.data.apiKey"


def stored() -> list[object]:
    """Every row of every table, and how many messages wait in all queues; that somebody asked may be counted."""
    tables, queues = boto3.client("dynamodb"), boto3.client("sqs")
    found = [tables.scan(TableName=name)["Items"] for name in tables.list_tables()["TableNames"]]
    rows = [[each for each in items if each.get("sk") != {"S": "rate"}] for items in found]
    waiting = [
        queues.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        for url in queues.list_queues().get("QueueUrls", [])
    ]
    assert any(rows)
    return [*rows, waiting]


@pytest.mark.parametrize(
    ("type_", "data", "paths"),
    [
        ("klaviyo", {**KLAVIYO, "surprise": "x"}, {"credential.data.surprise"}),
        ("klaviyo", {}, {KEY}),
        ("zendesk", {**ZENDESK, "subdomain": "Ada Shop"}, {SUBDOMAIN}),
        ("zendesk", {**ZENDESK, "subdomain": "https://evil.example"}, {SUBDOMAIN}),
        ("zendesk", {**ZENDESK, "subdomain": "evil.example/"}, {SUBDOMAIN}),
        ("zendesk", {**ZENDESK, "subdomain": "ada.zendesk.com"}, {SUBDOMAIN}),
        ("klaviyo", {"apiKey": "pk\r\nX-Evil: 1"}, {KEY}),
        ("klaviyo", {"apiKey": "pk\nX-Evil: 1"}, {KEY}),
    ],
)
def test_values_that_do_not_fit_the_entry_are_named_and_not_stored(
    functions: Functions, type_: str, data: dict[str, str], paths: set[str]
) -> None:
    user = functions.call("users", "POST", "/users", {"username": "ada"}).body["userId"]
    before = stored()

    credential = {"type": type_, "data": data}
    answer = functions.call("create_credential", "POST", "/credentials", {"userId": user, "credential": credential})

    assert answer.status == 422, answer.body
    assert {each["path"] for each in answer.body["details"]} == paths
    assert stored() == before


@pytest.mark.parametrize("shop", ["https://ada.myshopify.com", "ada.myshopify.com", "Ada", "ada\r\nX-Evil: 1", ""])
def test_a_redirects_values_are_held_to_the_same(functions: Functions, shop: str) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})
    functions.call("app_client", "PUT", "/apps/shopify/client", {"clientId": "id", "clientSecret": "secret"})
    before = stored()

    answer = functions.call("oauth_url", "GET", "/oauthUrl", query={"userId": "ada", "app": "shopify", "shop": shop})

    assert answer.status == 422, answer.body
    assert {each["path"] for each in answer.body["details"]} == {"query.shop"}
    assert stored() == before


@pytest.mark.parametrize(
    ("of_way", "path"),
    [
        ({"surprise": 1}, "methods.0.oauth2.surprise"),
        ({"request": {"base_url": "https://acme.example", "surprise": 1}}, "methods.0.oauth2.request.surprise"),
        ({"token_endpoint": "https://10.0.0.1/token"}, "methods.0.oauth2.token_endpoint"),
        (
            {"request": {"base_url": "https://acme.example", "headers": {"X-A": "a\r\nX-B: b"}}},
            "methods.0.oauth2.request.headers.X-A",
        ),
    ],
)
def test_an_own_entry_that_breaks_the_schema_is_named_and_not_stored(
    functions: Functions, of_way: dict[str, Any], path: str
) -> None:
    entry = copy.deepcopy(ENTRY)
    entry["methods"][0] |= of_way
    before = stored()

    answer = functions.call("apps", "PUT", "/apps/acme", entry)

    assert answer.status == 422, answer.body
    assert path in {each["path"] for each in answer.body["details"]}
    assert stored() == before
