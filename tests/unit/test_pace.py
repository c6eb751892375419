"""The pace of an app's renewals, from the limits that its entry states."""

import math
from datetime import timedelta

import pytest
from evergrant.domain.app.requests import RateLimit
from evergrant.domain.renewal.pace import LATEST, Lane, pace_of, wait

from tests.builders import NOON, a_grant

LANES: tuple[Lane, ...] = ("renewals", "checks")


@pytest.mark.parametrize("seconds", [1, 10, 60, 3600])
@pytest.mark.parametrize("requests", [600, 10_000])
def test_any_time_of_the_limits_length_stays_inside_it(requests: int, seconds: int) -> None:
    paces = [pace_of([RateLimit(requests=requests, seconds=seconds)], lane=lane) for lane in LANES]

    # Each minute begins with one token more.
    steady = sum((timedelta(seconds=seconds) + pace.burst) / pace.step for pace in paces)

    assert steady + len(LANES) * (1 + seconds // 60) <= requests


@pytest.mark.parametrize("seconds", [1, 10, 60])
@pytest.mark.parametrize("requests", range(2, 60))
def test_renewals_stay_inside_a_limit_of_few(requests: int, seconds: int) -> None:
    pace, length = pace_of([RateLimit(requests=requests, seconds=seconds)], lane="renewals"), timedelta(seconds=seconds)

    of_the_bucket = math.ceil((length + pace.burst - pace.step) / pace.step)

    assert of_the_bucket + math.ceil(length / timedelta(minutes=1)) <= requests


def test_the_tightest_limit_counts() -> None:
    limits = [RateLimit(requests=100, seconds=1), RateLimit(requests=7200, seconds=3600)]

    assert pace_of(limits, lane="renewals") == pace_of(limits[1:], lane="renewals")


def test_checks_have_a_budget_of_their_own_and_a_smaller_one() -> None:
    limits = [RateLimit(requests=10, seconds=1)]

    assert pace_of(limits, lane="checks").step > 4 * pace_of(limits, lane="renewals").step


@pytest.mark.parametrize("minutes", [3, 10, 60])
def test_nothing_waits_beyond_its_tokens_life(minutes: int) -> None:
    credential = a_grant(token_expires_at=NOON + timedelta(minutes=minutes))

    waited = [wait(credential, at=NOON + timedelta(milliseconds=number)) for number in range(200)]

    assert max(each for each in waited if each) <= min(LATEST, timedelta(minutes=minutes - 2))


def test_what_ends_within_two_minutes_waits_no_more() -> None:
    assert wait(a_grant(token_expires_at=NOON + timedelta(minutes=2)), at=NOON) is None
