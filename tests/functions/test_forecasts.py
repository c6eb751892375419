"""A known end is told of 30, 7 and 1 days before it, once each; an end that a renewal moves is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.errors import ProviderError
from evergrant.domain.times import iso
from evergrant.domain.tokens import Tokens
from evergrant.runtime import wiring

from tests.fakes.providers import ScriptedUpstream
from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.herd import row
from tests.functions.keys import connect
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling, delivered

DAY = timedelta(days=1)


def lived(functions: Functions, credential_id: str, clock: Travelling, *, days: float) -> None:
    """All that comes due meanwhile is done when it is due."""
    end = clock.now() + days * DAY
    while True:
        due = row(credential_id).due_at
        if due is None or due > end:
            break
        clock.ahead += max(timedelta(0), due - clock.now())
        delivered(functions, [{"credentialId": credential_id, "due": iso(due)}])
    clock.ahead += max(timedelta(0), end - clock.now())


@pytest.fixture
def accepting(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app says at every check that the key works."""
    monkeypatch.setattr(wiring, "upstream", ScriptedUpstream)


def forecasts(functions: Functions) -> list[Any]:
    found = functions.call("events", "GET", "/events", query={"type": "credential.expiring"}).body["data"]
    return [each["data"]["daysLeft"] for each in reversed(found)]


@pytest.mark.usefixtures("accepting")
@pytest.mark.parametrize(("life", "told"), [(40, [30, 7, 1]), (29, [7, 1]), (7, [1]), (0.5, [])])
def test_a_keys_own_end_is_told_of_at_each_threshold_that_lies_ahead_once(
    functions: Functions, clock: Travelling, life: float, told: list[int]
) -> None:
    made = connect(functions, expiresAt=iso(clock.now() + life * DAY)).body["credentialId"]

    lived(functions, made, clock, days=life - 0.1)

    assert forecasts(functions) == told


@pytest.mark.usefixtures("accepting")
def test_a_forecast_says_when_and_the_way_back(functions: Functions, clock: Travelling) -> None:
    template = "https://shop.example/settings?reconnect={credentialId}"
    functions.call("workspace", "PUT", "/workspace", {"name": "Shop", "reconnectUrl": template})
    end = clock.now() + 8 * DAY
    made = connect(functions, expiresAt=iso(end)).body["credentialId"]

    lived(functions, made, clock, days=2)
    (told,) = functions.call("events", "GET", "/events", query={"type": "credential.expiring"}).body["data"]

    assert told["data"]["expiresAt"] == iso(end)
    assert told["data"]["daysLeft"] == 7
    assert told["data"]["reconnectUrl"] == f"https://shop.example/settings?reconnect={made}"


def test_a_forecast_that_was_missed_is_told_late_and_the_longer_one_is_not(
    functions: Functions, clock: Travelling
) -> None:
    made = connect(functions, expiresAt=iso(clock.now() + 40 * DAY)).body["credentialId"]
    due = row(made).due_at
    assert due
    clock.ahead = 35 * DAY

    delivered(functions, [{"credentialId": made, "due": iso(due)}])
    lived(functions, made, clock, days=1)

    assert forecasts(functions) == [5]


@pytest.mark.usefixtures("accepting")
def test_a_new_end_starts_over(functions: Functions, clock: Travelling) -> None:
    made = connect(functions, expiresAt=iso(clock.now() + 8 * DAY)).body["credentialId"]
    lived(functions, made, clock, days=2)
    functions.call("patch_credential", "PATCH", f"/credentials/{made}", {"expiresAt": iso(clock.now() + 8 * DAY)})

    lived(functions, made, clock, days=2)

    assert forecasts(functions) == [7, 7]


class Ending(FakeTokenEndpoint):
    """Its refresh tokens have an end."""

    life: timedelta
    slides: bool
    first: Any = None

    def _tokens(self) -> Tokens:
        self.first = self.first or self._now()
        end = (self._now() if self.slides else self.first) + self.life
        return replace(super()._tokens(), grant_expires_at=end)


def granted(functions: Functions, monkeypatch: pytest.MonkeyPatch, *, days: int, slides: bool) -> str:
    fake = Ending(wiring.clock().now)
    fake.life, fake.slides = days * DAY, slides
    monkeypatch.setattr(wiring, "token_endpoint", lambda: fake)
    return connected(functions)


def test_an_end_that_each_renewal_moves_is_never_told_of(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = granted(functions, monkeypatch, days=8, slides=True)

    lived(functions, made, clock, days=30)

    assert (forecasts(functions), row(made).status) == ([], "active")


def test_an_end_that_no_renewal_moves_is_told_of_though_it_is_renewed(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = granted(functions, monkeypatch, days=8, slides=False)

    lived(functions, made, clock, days=7.9)
    near = row(made)
    lived(functions, made, clock, days=0.2)

    assert (forecasts(functions), near.status) == ([7, 1], "active")
    assert row(made).status == "expired"


def test_an_end_that_comes_near_while_the_app_is_down_is_told_of(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = granted(functions, monkeypatch, days=8, slides=True)
    fake: Any = wiring.token_endpoint()
    fake.trouble = ProviderError("down", provider_status=503)

    lived(functions, made, clock, days=2)

    assert forecasts(functions) == [7]
