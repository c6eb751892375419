"""Notifications to receivers that fail: what benchmarks/delivery shows in full size."""

from evergrant.domain.webhooks import AT_ONCE

from benchmarks.delivery import halves
from benchmarks.delivery.receivers import changer, receivers
from benchmarks.renewal.emulated import emulated
from tests.builders import MINUTE
from tests.misbehaving import say_nothing
from tests.stack.conftest import Stack

EVENTS, RECEIVERS = 6, 10
PATIENCE_SECONDS = 300
"""No test depends on speed."""


def test_fault_39_and_43_a_receiver_that_fails_half_of_the_time_gets_all_verified_and_knows_each_again() -> None:
    """Made by the receiver, and by a queue that brings messages twice."""
    seen = halves.delivered(12, bad_for=10 * MINUTE, twice=0.5, lost=0.3, aws=emulated)

    assert [each.says for each in halves.promises(seen) if not each.holds] == []
    assert seen.refused
    assert seen.again == seen.lost > 0


def test_attack_59_and_60_while_one_of_ten_receivers_hangs_the_others_get_all(stack: Stack) -> None:
    """Made by the receiver, which lets nobody go; there are five workers, and it has six events to hold them."""
    change = changer(stack)
    with receivers(stack, RECEIVERS, say_nothing) as hall:
        for _ in range(EVENTS):
            change()

        hall.wait_for(EVENTS * (RECEIVERS - 1), seconds=PATIENCE_SECONDS)

    assert len({(each.path, each.event_id) for each in hall.arrived}) == EVENTS * (RECEIVERS - 1)
    assert 1 <= hall.most_open <= AT_ONCE
