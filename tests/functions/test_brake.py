"""The brake: an app that refuses everybody expires few; the rest is held, paged, and comes back by itself."""

from datetime import timedelta

import pytest

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.herd import UNHURRIED, copies, limited, renewed, row, statuses
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling

MANY, SPARED = 25, 20


@pytest.fixture
def many(functions: Functions, provider: FakeTokenEndpoint, clock: Travelling) -> list[str]:
    """Their tokens have come to the margin, and the app takes any number of calls."""
    limited(functions, *UNHURRIED)
    ids = copies(connected(functions), MANY)
    clock.ahead = timedelta(minutes=55)
    return ids


def refuse_all(provider: FakeTokenEndpoint) -> set[str]:
    alive = set(provider.alive)
    provider.alive.clear()
    return alive


def test_what_is_held_says_why_and_pages_the_operator(
    functions: Functions, provider: FakeTokenEndpoint, many: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    refuse_all(provider)
    renewed(functions, many)
    held = next(each for each in map(row, many) if each.status == "degraded")
    events = functions.call("events", "GET", "/events", query={"type": "credential.degraded"}).body["data"]

    paged = [each for each in caplog.records if each.message == "renewals_braked"]

    assert held.last_failure
    assert held.last_failure.code == "renewals_braked"
    assert {each["data"]["reason"] for each in events} == {"renewals_braked"}
    assert {each["data"]["providerError"] for each in events} == {"invalid_grant"}
    assert {(each.workspace_id, each.app) for each in paged} == {(functions.workspace_id, "acme")}  # type: ignore[attr-defined]  # its fields


def test_renewals_that_went_well_before_do_not_hide_the_trouble(
    functions: Functions, provider: FakeTokenEndpoint, many: list[str], clock: Travelling
) -> None:
    for _ in range(4):
        renewed(functions, many)
        clock.ahead += timedelta(minutes=1)
    refuse_all(provider)
    renewed(functions, many)

    assert statuses(many) == {"expired": SPARED, "degraded": MANY - SPARED}


def test_what_stays_dead_is_let_through_when_few_die_at_a_time(
    functions: Functions, provider: FakeTokenEndpoint, many: list[str], clock: Travelling
) -> None:
    refuse_all(provider)
    renewed(functions, many)
    clock.ahead += timedelta(minutes=11)

    renewed(functions, many[:-1])

    assert statuses(many)["expired"] > SPARED


def test_one_workspaces_deaths_hold_no_others(
    functions: Functions, provider: FakeTokenEndpoint, many: list[str]
) -> None:
    refuse_all(provider)
    renewed(functions, many)
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "development"})
    functions.workspace_id, functions.api_key_id = made["workspaceId"], made["apiKeyId"]
    limited(functions, *UNHURRIED)
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "secret-canary"})
    others = copies(many[0], 1, workspace_id=functions.workspace_id, status="active")

    renewed(functions, others)

    assert statuses(others) == {"expired": 1}
