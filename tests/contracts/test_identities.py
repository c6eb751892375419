"""Where ids come from."""

import pytest
from evergrant.adapters.system.clock import SystemClock, SystemEntropy, SystemIdentities
from evergrant.domain.ids import is_identifier
from evergrant.ports.idempotency import Claim
from evergrant.ports.system import Identities
from evergrant.runtime.idempotency import ClaimedIdentities

from tests.builders import NOON
from tests.fakes.system import FakeIdentities


def made(kind: str) -> Identities:
    if kind == "fake":
        return FakeIdentities()
    if kind == "claimed":
        return ClaimedIdentities(Claim("key", "writer", NOON))
    return SystemIdentities(SystemClock(), SystemEntropy())


@pytest.mark.parametrize("kind", ["fake", "system", "claimed"])
def test_each_is_an_identifier_and_another(kind: str) -> None:
    identities = made(kind)

    drawn = [identities.new(prefix) for prefix in ("cred", "ses") for _ in range(100)]

    assert all(is_identifier(each, "cred") or is_identifier(each, "ses") for each in drawn)
    assert len(set(drawn)) == 200


@pytest.mark.parametrize("kind", ["fake", "claimed"])
def test_a_second_run_of_the_same_makes_the_same(kind: str) -> None:
    first, second = made(kind), made(kind)

    assert [first.new("cred") for _ in range(3)] == [second.new("cred") for _ in range(3)]
