"""A herd stays inside the app's limits: who gets no token waits, readers jump, and nobody waits to death."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.herd import come_due, copies, limited, renewed, row
from tests.functions.keys import connect
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling, delivered
from tests.functions.test_pause import waiting

TEN_A_MINUTE: dict[str, Any] = {"requests": 10, "seconds": 60}


@pytest.fixture
def clock(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Travelling:
    """It stands still, at the beginning of a minute."""
    now = wiring.clock().now().replace(second=0, microsecond=0) + timedelta(minutes=1)

    class Still(Travelling):
        def now(self) -> Any:
            return now + self.ahead

    still = Still()
    monkeypatch.setattr(wiring, "clock", lambda: still)
    return still


@pytest.fixture
def herd(functions: Functions, provider: FakeTokenEndpoint, clock: Travelling) -> list[str]:
    ids = copies(connected(functions), 15)
    clock.ahead = timedelta(minutes=52)
    limited(functions, TEN_A_MINUTE)
    provider.asked = 0
    return ids


def test_attack_77_a_herd_stays_inside_the_apps_limit_and_the_rest_waits(
    functions: Functions, provider: FakeTokenEndpoint, herd: list[str], clock: Travelling
) -> None:
    asked: list[int] = []
    for _ in range(60):
        before = provider.asked
        left = [each for each in herd if row(each).generation == 1]
        delivered(functions, come_due(left)) if left else None
        asked.append(provider.asked - before)
        clock.ahead += timedelta(seconds=5)
        if not left:
            break

    in_any_minute = max(sum(asked[start : start + 12]) for start in range(len(asked)))

    assert 5 < in_any_minute <= TEN_A_MINUTE["requests"]
    assert provider.asked == len(herd)


def test_what_gets_no_token_waits_as_it_is(functions: Functions, provider: FakeTokenEndpoint, herd: list[str]) -> None:
    renewed(functions, herd)

    assert waiting("renewals") == len(herd) - provider.asked
    assert {row(each).fence for each in herd if row(each).generation == 1} == {0}


def test_a_reader_waits_for_no_token(functions: Functions, provider: FakeTokenEndpoint, herd: list[str]) -> None:
    renewed(functions, herd)
    left = next(each for each in herd if row(each).generation == 1)

    answer = functions.call("fresh_token", "POST", f"/credentials/{left}/token", {})

    assert (answer.status, row(left).generation) == (200, 2)


def test_what_is_about_to_end_waits_no_longer(
    functions: Functions, provider: FakeTokenEndpoint, herd: list[str], clock: Travelling
) -> None:
    clock.ahead = timedelta(minutes=59)

    renewed(functions, herd)

    assert provider.asked == len(herd)


def test_a_renewal_costs_one_write_for_its_token(
    functions: Functions, provider: FakeTokenEndpoint, herd: list[str]
) -> None:
    before = written()

    renewed(functions, herd[:1])

    assert written() - before == 1


def written() -> int:
    """Tokens that were counted."""
    rows = boto3.client("dynamodb").scan(TableName="sessions")["Items"]
    return sum(int(each["asked"]["N"]) for each in rows if "asked" in each)


def test_a_key_that_no_one_can_be_asked_about_takes_no_token(functions: Functions, clock: Travelling) -> None:
    functions.call("apps", "PUT", "/apps/plain", PLAIN)
    made = connect(functions, type="plain").body["credentialId"]

    renewed(functions, [made])

    assert written() == 0


PLAIN: dict[str, Any] = {
    "slug": "plain",
    "name": "Plain",
    "docs_url": "https://plain.example/docs",
    "methods": [
        {
            "kind": "api_key",
            "properties": [{"name": "apiKey", "label": "API key"}],
            "request": {"headers": {"X-Key": "{apiKey}"}},
        }
    ],
}
