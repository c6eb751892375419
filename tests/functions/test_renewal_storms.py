"""Sweeps gone wrong, a provider out of its mind, a herd: what benchmarks/renewal shows in full size, in a small one."""

import pytest

from benchmarks.renewal.brake import SPARED, braked
from benchmarks.renewal.herd import EVENLY, WRITES_OF_A_PARTITION, spread, tamed
from benchmarks.renewal.sweeps import SWEEPS, renewed

FEW, MANY = 20, 30


@pytest.mark.parametrize("sweeps", sorted(SWEEPS.keys() - {"each minute"}))
def test_fault_28_29_each_due_credential_is_renewed_once_however_it_is_swept(sweeps: str) -> None:
    """Made by the tests' queue: it kills the sweep, or runs another, between the query and the sending."""
    found = renewed(SWEEPS[sweeps], FEW)

    assert (found.never, found.once, found.more, found.alive) == (0, FEW, 0, FEW)


def test_an_app_that_refuses_everybody_for_ten_minutes_expires_twenty_and_all_others_come_back() -> None:
    found = braked(MANY)

    held = MANY - SPARED
    assert found.during == {"expired": SPARED, "degraded": held}
    assert found.after == {"expired": SPARED, "active": held}
    assert (found.told["credential.expired"], found.told["credential.recovered"]) == (SPARED, held)


def test_attack_77_a_herd_stays_inside_its_apps_limit_and_is_renewed_before_its_end() -> None:
    found = tamed(MANY, requests=5, seconds=60)

    assert 2 < found.most <= 5
    assert found.calls == found.once == found.in_time == MANY


def test_attack_77_what_ends_in_one_second_is_spread_over_whole_minutes() -> None:
    even = spread(100_000)

    assert even.unevenness <= EVENLY
    assert even.of_a_partition <= WRITES_OF_A_PARTITION
