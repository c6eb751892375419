"""The time."""

from datetime import UTC

import pytest
from evergrant.adapters.system.clock import SystemClock
from evergrant.domain.times import from_iso, iso
from evergrant.ports.system import Clock

from tests.fakes.system import FakeClock


@pytest.fixture(params=["fake", "system"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return FakeClock() if request.param == "fake" else SystemClock()


def test_it_is_aware_utc_and_never_goes_back(clock: Clock) -> None:
    times = [clock.now() for _ in range(100)]

    assert {each.tzinfo for each in times} == {UTC}
    assert times == sorted(times)


def test_what_is_written_is_what_was_compared(clock: Clock) -> None:
    times = [clock.now() for _ in range(100)]

    assert [from_iso(iso(each)) for each in times] == times
