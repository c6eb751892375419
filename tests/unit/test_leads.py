"""When a credential is renewed: what is in use ahead of time, the rest once a day, and a herd spread evenly."""

from collections import Counter
from datetime import timedelta

import pytest
from evergrant.adapters.dynamodb.items import epoch_ms
from evergrant.domain.due import FOUR, day_of, minute_of, slot, spread_before
from evergrant.domain.renewal import CHECK_EVERY, must_refresh, next_due, scheduled

from tests.builders import CREDENTIAL, NOON, a_grant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WRITES_OF_A_PARTITION = 1000 * 60
"""A minute, as DynamoDB has it."""
OLD = NOON - 5 * DAY


@pytest.mark.parametrize("spread", [timedelta(minutes=10), HOUR])
def test_a_million_that_end_in_one_second_are_spread_evenly_over_whole_minutes(spread: timedelta) -> None:
    second = NOON + timedelta(seconds=17)

    minutes = Counter(minute_of(spread_before(second, f"cred_{number}", spread=spread)) for number in range(1_000_000))

    assert max(minutes.values()) * len(minutes) / 1_000_000 <= 1.05
    assert max(minutes.values()) / FOUR.of(minute_of(NOON)) <= WRITES_OF_A_PARTITION


def test_an_hours_token_is_renewed_in_the_ten_minutes_before_its_margin() -> None:
    credential = a_grant(token_expires_at=NOON + HOUR)

    starts = spread_before(NOON + timedelta(minutes=50), CREDENTIAL, spread=timedelta(minutes=10))

    assert credential.renewal_starts() == starts


def test_the_jitter_of_a_credential_is_the_same_each_time() -> None:
    once, again = (a_grant(token_expires_at=NOON + HOUR).renewal_starts() for _ in range(2))

    assert once == again


def test_what_was_read_yesterday_is_renewed_ahead_of_its_tokens_end() -> None:
    read = a_grant(created_at=OLD, token_expires_at=NOON + HOUR, last_read_day=day_of(NOON) - 1)

    assert NOON + timedelta(minutes=40) <= next_due(read, at=NOON) <= NOON + timedelta(minutes=50)


def test_what_nobody_reads_is_renewed_once_a_day() -> None:
    unread = a_grant(created_at=OLD, token_expires_at=NOON + HOUR, last_read_day=day_of(NOON) - 2)

    assert CHECK_EVERY * 0.75 <= next_due(unread, at=NOON) - NOON <= CHECK_EVERY


def test_what_was_connected_today_counts_as_in_use() -> None:
    assert next_due(a_grant(token_expires_at=NOON + HOUR), at=NOON) < NOON + HOUR


@pytest.mark.parametrize("life", [timedelta(minutes=30), 12 * HOUR])
def test_a_refresh_token_that_dies_unused_is_used_before_that_though_nobody_reads(life: timedelta) -> None:
    ends = {"expires_at": NOON + life, "token_expires_at": NOON + life / 2}
    unread = scheduled(a_grant(created_at=OLD, last_renewed_at=NOON, **ends), at=NOON)

    due = unread.due_at

    assert due
    assert NOON + life / 2 < due < NOON + life
    assert must_refresh(unread, at=due)
    assert not must_refresh(unread, at=due - timedelta(minutes=5))


def test_a_key_is_checked_daily_and_never_refreshed() -> None:
    key = scheduled(a_grant(renewable=False, created_at=OLD, expires_at=NOON + HOUR), at=NOON)

    assert key.due_at == NOON + HOUR
    assert not must_refresh(key, at=NOON + timedelta(minutes=59))


def test_the_index_names_the_very_time_that_the_row_has() -> None:
    odd = NOON + timedelta(microseconds=1700)

    assert slot("cred_1", at=odd).sort.startswith(f"{epoch_ms(odd):013d}#")


def test_a_token_that_ended_before_it_was_issued_is_due_at_its_end() -> None:
    ended = a_grant(token_expires_at=NOON - timedelta(microseconds=1), token_issued_at=NOON)

    assert ended.renewal_starts() == ended.token_expires_at
    assert not ended.is_fresh(at=NOON)
