"""The modal's steps, as the page takes them, through the handlers."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.functions.deployment import Answer, Functions

OWN = {"origin": "https://evergrant.example", "sec-fetch-site": "same-origin"}


FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}


ATTEMPT = "a" * 43


def session(functions: Functions, user: str = "ada", **more: object) -> dict[str, str]:
    """A connect session as the authorizer recognises it, with its token."""
    made = functions.call("connect_sessions", "POST", "/connect/sessions", {"userId": user, **more})
    assert made.status == 201, made.body
    return recognised(functions, made.body["token"])


def recognised(functions: Functions, token: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    event = {"headers": headers, "methodArn": "arn:aws:execute-api:eu-central-1:1:api/v1/GET/connect/session"}
    context: dict[str, str] = functions.invoke("session_authorizer", event)["context"]
    return {**context, "token": token}


def begun(functions: Functions, who: dict[str, str], **more: object) -> Answer:
    return functions.call("connect_oauth", "POST", "/connect/oauth", {"app": "acme", **more}, authorizer=who)


def opened(functions: Functions, began: Answer, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    body = {"authorizationId": began.body["authorizationId"], "binder": began.body["binder"]}
    sent = OWN if headers is None else headers
    return functions.call(
        "connect_opening", "POST", "/connect/opening", **{"content": body, **more}, headers=sent, authorizer={}
    )


def state_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["state"][0]


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def called_back(functions: Functions, state: str, cookie: str, **more: str) -> Answer:
    return functions.call(
        "oauth_callback",
        "GET",
        f"/oauth/callback/{functions.workspace_id}/acme",
        query={"code": f"code-canary-{state}", "state": state, **more},
        headers={"cookie": cookie, "accept": "text/html"},
        authorizer={},
    )


def looked(functions: Functions, who: dict[str, str], name: str) -> Answer:
    return functions.call("connect_oauth", "GET", f"/connect/oauth/{name}", authorizer=who)


def completed(functions: Functions, who: dict[str, str], completion: str, **more: Any) -> Answer:
    body = {"completion": completion}
    return functions.call("connect_oauth", "POST", "/connect/oauth/complete", body, authorizer=who, **more)


def released(functions: Functions, who: dict[str, str], **more: object) -> tuple[str, str]:
    """The authorization and the completion, as the frame asks for it."""
    began = begun(functions, who, **more)
    going = opened(functions, began)
    called_back(functions, state_of(going.body["location"]), cookie_of(going))
    name: str = began.body["authorizationId"]
    return name, looked(functions, who, name).body["completion"]


def kept(functions: Functions, user: str = "ada") -> list[Any]:
    return functions.call("list_credentials", "GET", f"/users/{user}/credentials").body["data"]
