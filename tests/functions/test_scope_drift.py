"""A renewal that answers other scopes than before says so, once, whatever else it says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.errors import ProviderError
from evergrant.domain.tokens import Tokens
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.herd import renewed, row
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling, told


class Drifting(FakeTokenEndpoint):
    """It says which scopes were granted."""

    scopes: tuple[str, ...] | None = ("read", "write")

    def _tokens(self) -> Tokens:
        return replace(super()._tokens(), scopes=self.scopes)


@pytest.fixture
def drifting(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> Drifting:
    fake = Drifting(clock.now)
    monkeypatch.setattr(wiring, "token_endpoint", lambda: fake)
    return fake


def drifts(functions: Functions) -> list[Any]:
    found = functions.call("events", "GET", "/events", query={"type": "credential.scopes_changed"}).body["data"]
    return [(each["data"]["added"], each["data"]["removed"]) for each in found]


def test_attack_19_scopes_that_a_renewal_changes_are_told_of_once(
    functions: Functions, drifting: Drifting, clock: Travelling
) -> None:
    made = connected(functions)
    clock.ahead = timedelta(hours=1)
    drifting.scopes = ("read", "admin")
    renewed(functions, [made])
    clock.ahead = timedelta(hours=2)
    renewed(functions, [made])
    (line,) = [
        each
        for each in functions.call("audit", "GET", "/audit", query={"credentialId": made}).body["data"]
        if each["action"] == "credential.scopes_changed"
    ]

    assert drifts(functions) == [(["admin"], ["write"])]
    assert (row(made).scopes, row(made).missing_scopes) == (("read", "admin"), ("write",))
    assert line["detail"] == {"added": "admin", "removed": "write"}


@pytest.mark.parametrize("scopes", [None, ("write", "read")])
def test_scopes_that_are_left_out_or_in_another_order_are_the_same(
    functions: Functions, drifting: Drifting, clock: Travelling, scopes: tuple[str, ...] | None
) -> None:
    made = connected(functions)
    clock.ahead = timedelta(hours=1)
    drifting.scopes = scopes

    renewed(functions, [made])

    assert drifts(functions) == []


def test_a_recovery_with_other_scopes_says_both(functions: Functions, drifting: Drifting, clock: Travelling) -> None:
    made = connected(functions)
    clock.ahead = timedelta(hours=1)
    drifting.trouble = ProviderError("down", provider_status=503)
    renewed(functions, [made])
    drifting.trouble, drifting.scopes = None, ("read",)

    renewed(functions, [made])

    assert {"credential.recovered", "credential.scopes_changed"} <= set(told())
