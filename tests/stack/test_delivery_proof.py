"""Notifications to receivers that fail: what benchmarks/delivery shows in full size."""

from benchmarks.delivery import halves
from benchmarks.renewal.emulated import emulated
from tests.builders import MINUTE


def test_fault_39_and_43_a_receiver_that_fails_half_of_the_time_gets_all_verified_and_knows_each_again() -> None:
    """Made by the receiver, and by a queue that brings messages twice."""
    seen = halves.delivered(12, bad_for=10 * MINUTE, twice=0.5, lost=0.3, aws=emulated)

    assert [each.says for each in halves.promises(seen) if not each.holds] == []
    assert seen.refused
    assert seen.again == seen.lost > 0
