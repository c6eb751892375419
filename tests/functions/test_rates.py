"""Each workspace makes so much at a time, and no more; who waits is let in again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.runtime import wiring

from tests.functions.deployment import Answer, Functions, forget_wiring
from tests.functions.redirects import ENTRY
from tests.functions.sweeps import Travelling

PER_SECOND, AT_ONCE = 2, 20


@pytest.fixture
def clock(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Travelling:
    """It stands still, at a low limit."""
    monkeypatch.setenv("REQUESTS_PER_SECOND", str(PER_SECOND))
    forget_wiring()
    now = wiring.clock().now()

    class Still(Travelling):
        def now(self) -> Any:
            return now + self.ahead

    still = Still()
    monkeypatch.setattr(wiring, "clock", lambda: still)
    return still


def asked(functions: Functions, name: str) -> Answer:
    return functions.call("users", "POST", "/users", {"username": name})


def burst(functions: Functions, count: int) -> list[int]:
    return [asked(functions, f"{count}-{number}").status for number in range(count)]


def test_attack_49_a_burst_passes_the_rest_waits_and_is_let_in_again(functions: Functions, clock: Travelling) -> None:
    statuses = burst(functions, AT_ONCE + 5)
    refused = asked(functions, "late")
    clock.ahead = timedelta(seconds=int(refused.headers["retry-after"]))
    again = asked(functions, "late")

    assert (statuses[:AT_ONCE].count(200), statuses[AT_ONCE:].count(429)) == (AT_ONCE, 5)
    assert (refused.status, refused.body["code"], refused.headers["retry-after"]) == (429, "too_many_requests", "1")
    assert again.status == 200


def test_attack_49_what_is_sustained_is_the_rate(functions: Functions, clock: Travelling) -> None:
    burst(functions, AT_ONCE)
    clock.ahead = timedelta(seconds=5)

    assert burst(functions, 5 * PER_SECOND + 1)[-2:] == [200, 429]


def test_attack_49_one_workspaces_burst_is_not_anothers(functions: Functions, clock: Travelling) -> None:
    burst(functions, AT_ONCE + 1)
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "development"})
    functions.workspace_id, functions.api_key_id = made["workspaceId"], made["apiKeyId"]

    assert asked(functions, "other").status == 200


def a_session(functions: Functions) -> int:
    return functions.call("connect_sessions", "POST", "/connect/sessions", {"userId": "ada"}).status


def a_link(functions: Functions) -> int:
    query = {"userId": "ada", "app": "acme"}
    return functions.call("oauth_url", "GET", "/oauthUrl", query=query).status


@pytest.mark.parametrize("start", [a_session, a_link])
def test_attack_76_a_flood_of_connect_starts_is_held_and_its_rows_end_by_themselves(
    functions: Functions, clock: Travelling, start: Callable[[Functions], int]
) -> None:
    functions.call("apps", "PUT", "/apps/acme", ENTRY)
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "secret"})
    asked(functions, "ada")

    statuses = [start(functions) for _ in range(50)]
    rows = boto3.client("dynamodb").scan(TableName="sessions")["Items"]

    assert sum(each < 300 for each in statuses) == AT_ONCE - 1
    assert statuses.count(429) == 50 - (AT_ONCE - 1)
    assert len(rows) <= AT_ONCE + 1
    assert all("ttl" in row for row in rows)
