"""An endpoint's room for attempts."""

from dataclasses import replace

import pytest

from tests.builders import NOON, SECOND, an_endpoint
from tests.fakes.storage import Storage


@pytest.mark.parametrize("failing", [False, True])
def test_an_endpoint_has_no_more_slots_than_it_may_have_at_once(storage: Storage, *, failing: bool) -> None:
    endpoint = an_endpoint(failing_since=NOON if failing else None)

    taken = [storage.slots.take(endpoint, at=NOON) for _ in range(endpoint.at_once + 1)]

    assert [slot and slot.number for slot in taken] == [*range(endpoint.at_once), None]


def test_a_slot_that_is_given_back_is_free_at_once(storage: Storage) -> None:
    endpoint = an_endpoint(failing_since=NOON)
    first = storage.slots.take(endpoint, at=NOON)
    assert first

    storage.slots.give_back(first)

    assert storage.slots.take(endpoint, at=NOON + SECOND)


def test_fault_44_a_dead_workers_slot_is_free_by_time(storage: Storage) -> None:
    endpoint = an_endpoint(failing_since=NOON)
    first = storage.slots.take(endpoint, at=NOON)
    assert first

    early, late = (storage.slots.take(endpoint, at=first.until + off) for off in (-SECOND, 0 * SECOND))

    assert early is None
    assert late


def test_a_slot_that_ended_and_is_anothers_is_not_given_back(storage: Storage) -> None:
    endpoint = an_endpoint(failing_since=NOON)
    first = storage.slots.take(endpoint, at=NOON)
    assert first
    storage.slots.take(endpoint, at=first.until)

    storage.slots.give_back(first)

    assert storage.slots.take(endpoint, at=first.until + SECOND) is None


def test_endpoints_do_not_share_slots(storage: Storage) -> None:
    endpoint = an_endpoint(failing_since=NOON)
    storage.slots.take(endpoint, at=NOON)

    assert storage.slots.take(replace(endpoint, endpoint_id=f"{endpoint.endpoint_id}x"), at=NOON)
