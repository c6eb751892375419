"""How fast each workspace may make things."""

from datetime import datetime

import pytest
from evergrant.domain.errors import TooManyRequestsError
from evergrant.domain.ids import WorkspaceId

from tests.builders import HOUR, NOON, OTHER_WORKSPACE, SECOND, WORKSPACE
from tests.fakes.storage import PER_SECOND, Storage

BURST = 10 * PER_SECOND


def taken(storage: Storage, count: int, *, at: datetime = NOON, workspace_id: WorkspaceId = WORKSPACE) -> int:
    """How many of `count` there were."""
    for number in range(count):
        try:
            storage.rates.take(workspace_id, at=at)
        except TooManyRequestsError:
            return number
    return count


def test_attack_49_a_burst_is_ten_seconds_worth_and_no_more(storage: Storage) -> None:
    assert taken(storage, BURST + 5) == BURST


def test_what_was_used_comes_back_with_time(storage: Storage) -> None:
    taken(storage, BURST)

    assert taken(storage, BURST, at=NOON + 3 * SECOND) == 3 * PER_SECOND
    assert taken(storage, BURST + 5, at=NOON + HOUR) == BURST


def test_after_the_named_wait_there_is_one_again(storage: Storage) -> None:
    taken(storage, BURST)
    with pytest.raises(TooManyRequestsError) as refused:
        storage.rates.take(WORKSPACE, at=NOON)

    again = taken(storage, 1, at=NOON + refused.value.retry_after * SECOND)

    assert refused.value.retry_after == 1
    assert again == 1


def test_a_workspace_uses_up_its_own_alone(storage: Storage) -> None:
    taken(storage, BURST)

    assert taken(storage, 1, workspace_id=OTHER_WORKSPACE) == 1


def test_what_is_refused_costs_nothing(storage: Storage) -> None:
    taken(storage, BURST)
    for _ in range(5):
        assert taken(storage, 1) == 0

    assert taken(storage, BURST, at=NOON + SECOND) == PER_SECOND
