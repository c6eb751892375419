"""How long a renewal that failed waits: anywhere under a ceiling that doubles, and never less than a provider asked."""

from datetime import timedelta

import pytest
from evergrant.domain.renewal import FIRST_BACKOFF, LONGEST_BACKOFF, backoff

from tests.builders import DAY, MINUTE


@pytest.mark.parametrize("failures", range(20))
@pytest.mark.parametrize("chance", [0.0, 0.25, 0.999])
def test_it_lies_anywhere_under_a_ceiling_that_doubles_up_to_six_hours(failures: int, chance: float) -> None:
    ceiling = min(FIRST_BACKOFF * 2**failures, LONGEST_BACKOFF)

    assert backoff(failures, chance=chance) == ceiling * chance


def test_however_often_it_failed_there_is_a_longest_wait() -> None:
    assert backoff(10**9, chance=1.0) == LONGEST_BACKOFF


@pytest.mark.parametrize(("asked", "waits"), [(30 * MINUTE, 30 * MINUTE), (DAY, LONGEST_BACKOFF)])
def test_a_provider_is_never_asked_before_it_said_within_reason(asked: timedelta, waits: timedelta) -> None:
    assert backoff(0, chance=0.5, retry_after=asked) == waits


def test_a_provider_that_asks_for_less_is_let_alone_for_longer() -> None:
    assert backoff(4, chance=0.5, retry_after=MINUTE) == FIRST_BACKOFF * 8
