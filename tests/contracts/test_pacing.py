"""How fast an app is asked, and how many of its renewals die."""

from typing import Any

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.renewal.brake import WINDOW, Tally
from evergrant.domain.renewal.pace import Lane, Pace

from tests.builders import MINUTE, NOON, OTHER_CREDENTIAL, OTHER_WORKSPACE, SECOND, a_grant
from tests.fakes.storage import Storage

PACE = Pace(step=2 * SECOND, burst=6 * SECOND)
GRANT = a_grant()
STRANGERS = [{"workspace_id": OTHER_WORKSPACE}, {"app": "another"}]


def taken(
    storage: Storage,
    count: int,
    *,
    after: int = 0,
    credential: Credential = GRANT,
    pace: Pace = PACE,
    lane: Lane = "renewals",
) -> int:
    """How many of `count` there were, so many seconds after noon."""
    at = NOON + after * SECOND
    return sum(storage.pacing.take(credential, pace, lane=lane, at=at) for _ in range(count))


def test_a_minute_begins_with_one_token(storage: Storage) -> None:
    assert taken(storage, 5) == 1
    assert taken(storage, 5, after=60) == 1


def test_another_comes_each_step(storage: Storage) -> None:
    taken(storage, 1)

    assert [taken(storage, 2, after=second) for second in (1, 2, 3, 4)] == [0, 1, 0, 1]


def test_what_was_not_used_may_be_used_at_once_up_to_the_burst(storage: Storage) -> None:
    taken(storage, 1)

    assert taken(storage, 10, after=50) == PACE.burst // PACE.step


def test_attack_77_a_crowd_in_one_minute_takes_no_more_than_the_pace_allows(storage: Storage) -> None:
    assert sum(taken(storage, 5, after=second) for second in range(60)) == 30


def test_checks_take_no_token_of_renewals(storage: Storage) -> None:
    taken(storage, 5)

    assert taken(storage, 5, lane="checks") == 1


@pytest.mark.parametrize("stranger", STRANGERS)
def test_an_app_of_a_workspace_uses_up_its_own_alone(storage: Storage, stranger: dict[str, Any]) -> None:
    taken(storage, 5)

    assert taken(storage, 5, credential=a_grant(**stranger)) == 1


def test_a_death_tells_what_was_asked_and_what_died_this_one_among_them(storage: Storage) -> None:
    taken(storage, 5)
    taken(storage, 5, lane="checks")
    storage.pacing.jumped(a_grant(credential_id=OTHER_CREDENTIAL), at=NOON)
    storage.pacing.died(GRANT, at=NOON)

    told = storage.pacing.died(a_grant(credential_id=OTHER_CREDENTIAL), at=NOON + 30 * SECOND)

    assert list(told) == [Tally(asked=3, dead=2)]


def test_the_minutes_of_the_window_are_told_the_newest_first(storage: Storage) -> None:
    for minute in (0, 1, 9):
        for _ in range(minute + 1):
            storage.pacing.jumped(GRANT, at=NOON + minute * MINUTE)

    told = storage.pacing.died(GRANT, at=NOON + WINDOW)

    assert list(told) == [Tally(dead=1), Tally(asked=10), Tally(asked=2)]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nobody_hears_of_anothers_deaths(storage: Storage, stranger: dict[str, Any]) -> None:
    storage.pacing.died(GRANT, at=NOON)

    assert list(storage.pacing.died(a_grant(**stranger), at=NOON)) == [Tally(dead=1)]
