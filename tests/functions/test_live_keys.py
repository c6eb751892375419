"""A revoked key is refused at once wherever a secret is released or something destroyed."""

from typing import Any

import pytest

from tests.functions.deployment import Functions
from tests.functions.test_apps import OWN

ROUTES: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("api_keys", "POST", "/api-keys", {"name": "x", "scopes": ["admin"]}),
    ("api_keys", "DELETE", "/api-keys/{key}", None),
    ("webhook_endpoints", "POST", "/webhooks/endpoints", {"url": "https://hooks.example/x"}),
    ("webhook_endpoints", "DELETE", "/webhooks/endpoints/{endpoint}", None),
    ("webhook_endpoints", "POST", "/webhooks/endpoints/{endpoint}/rotate-secret", None),
    ("connect_sessions", "GET", "/users/ada/token", None),
    ("connect_sessions", "POST", "/connect/sessions", {"userId": "ada"}),
    ("connect_complete", "POST", "/connect/complete", {"completion": "c", "userId": "ada"}),
    ("users", "DELETE", "/users/ada", None),
    ("apps", "PUT", "/apps/my-erp", OWN),
    ("apps", "DELETE", "/apps/my-erp", None),
    ("app_client", "PUT", "/apps/hubspot/client", {"clientId": "id", "clientSecret": "s"}),
    ("app_client", "DELETE", "/apps/hubspot/client", None),
]


@pytest.fixture
def things(functions: Functions) -> dict[str, str]:
    """What the routes name; and the key is revoked while its authorizer's answer is still cached."""
    functions.call("users", "POST", "/users", {"username": "ada"})
    functions.call("apps", "PUT", "/apps/my-erp", OWN)
    functions.call("app_client", "PUT", "/apps/hubspot/client", {"clientId": "id", "clientSecret": "s"})
    endpoint = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", {"url": "https://hooks.example/x"})
    key = functions.call("api_keys", "POST", "/api-keys", {"name": "other", "scopes": ["admin"]})
    functions.call("users", "POST", "/users", {"username": "eve"}, headers={"idempotency-key": "k-1"})
    functions.call("api_keys", "DELETE", f"/api-keys/{functions.api_key_id}")
    return {"endpoint": endpoint.body["endpointId"], "key": key.body["apiKeyId"]}


def test_attack_39_a_revoked_key_releases_and_destroys_nothing_at_once(
    functions: Functions, things: dict[str, str]
) -> None:
    answers = {
        f"{method} {path}": functions.call(function, method, path.format(**things), body).status
        for function, method, path, body in ROUTES
    }

    assert {route: status for route, status in answers.items() if status != 401} == {}


def test_attack_47_a_revoked_key_is_not_told_its_own_answers_again(
    functions: Functions, things: dict[str, str]
) -> None:
    again = functions.call("users", "POST", "/users", {"username": "eve"}, headers={"idempotency-key": "k-1"})

    assert again.status == 401
