"""An app that is connected by a redirect, and each step of its way, through the handlers."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.functions.deployment import Answer, Functions

RETURN_URL = "https://shop.example/return"


ENTRY: dict[str, Any] = {
    "slug": "acme",
    "name": "Acme",
    "docs_url": "https://acme.example/docs",
    "methods": [
        {
            "kind": "oauth2",
            "authorization_endpoint": "https://acme.example/authorize",
            "token_endpoint": "https://acme.example/token",
            "revocation_endpoint": "https://acme.example/revoke",
            "scopes": ["read"],
            "request": {"base_url": "https://acme.example", "headers": {"Authorization": "Bearer {accessToken}"}},
        }
    ],
}


def began(functions: Functions) -> tuple[str, str]:
    """The callback's query and the browser's cookie."""
    query = {"userId": "ada", "app": "acme", "returnUrl": RETURN_URL}
    link: str = functions.call("oauth_url", "GET", "/oauthUrl", query=query).body["oauthUrl"]
    started = functions.call("oauth_start", "GET", urlsplit(link).path, authorizer={})
    state = parse_qs(urlsplit(started.headers["location"]).query)["state"][0]
    return state, started.headers["set-cookie"].partition(";")[0]


def called_back(functions: Functions, state: str, cookie: str, **more: str) -> Answer:
    return functions.call(
        "oauth_callback",
        "GET",
        f"/oauth/callback/{functions.workspace_id}/acme",
        query={"code": "code-canary", "state": state, **more},
        headers={"cookie": cookie},
        authorizer={},
    )


def completed(functions: Functions, completion: str) -> Answer:
    return functions.call("connect_complete", "POST", "/connect/complete", {"completion": completion, "userId": "ada"})


def completion_of(answer: Answer) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["completion"][0]


def connected(functions: Functions) -> str:
    answer = completed(functions, completion_of(called_back(functions, *began(functions))))
    assert answer.status == 201, answer.body
    return answer.body["credentialId"]
