"""Identifiers, API keys, the due index, strict JSON: pure rules."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms
from evergrant.domain import due
from evergrant.domain.ids import ApiKeyId, identifier, is_identifier
from evergrant.domain.strict_json import NotStrictJsonError, loads
from evergrant.domain.workspace import compose_key, parse_key
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.binary(min_size=16, max_size=16))
def test_identifiers_sort_by_time(first: int, second: int, entropy: bytes) -> None:
    earlier, later = sorted([first, second])

    ids = [identifier("usr", at=NOON + timedelta(milliseconds=each), entropy=entropy) for each in (earlier, later)]

    assert ids == sorted(ids)
    assert all(is_identifier(each, "usr") for each in ids)


@pytest.mark.parametrize(
    "text", ["", "usr_", "cred_" + "0" * 36, "usr_" + "0" * 35, "usr_" + "i" * 36, "usr_" + "0" * 37]
)
def test_attack_38_what_is_not_quite_an_identifier_is_none(text: str) -> None:
    assert not is_identifier(text, "usr")


def test_attack_40_a_key_with_one_character_changed_is_refused_without_a_read() -> None:
    key = compose_key(ApiKeyId("key_" + "0" * 36), "ab" * 32)

    changed = [key[:at] + ("0" if key[at] != "0" else "1") + key[at + 1 :] for at in range(len(key))]

    assert parse_key(key) == ("key_" + "0" * 36, "ab" * 32)
    assert [each for each in changed if parse_key(each)] == []


@given(st.text(max_size=300))
def test_any_text_can_be_asked_whether_it_is_a_key(text: str) -> None:
    assert parse_key(text) is None


def test_a_slot_stands_in_its_own_minute() -> None:
    place = due.slot("cred_1", at=NOON)

    assert place.partition in due.partitions(due.minute_of(NOON))
    assert place.sort.endswith("#cred_1")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # its zone is drawn
def test_a_slot_says_the_very_time_that_the_row_keeps(at: datetime) -> None:
    said, _, _ = due.slot("cred_1", at=at).sort.partition("#")

    assert at_ms(said) == at_ms(epoch_ms(at))


def test_jitter_is_the_same_each_time_and_inside_its_spread() -> None:
    spread = timedelta(minutes=10)
    shares = [due.jitter(f"cred_{number}", spread=spread) for number in range(1000)]

    assert shares == [due.jitter(f"cred_{number}", spread=spread) for number in range(1000)]
    assert all(timedelta(0) <= each < spread for each in shares)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a":1,"a":2}', "NaN", "[Infinity]", "1e999", "[" * 33 + "]" * 33, '"\\ud800"', "1" * 5000, b"\xff"],
)
def test_attack_45_json_that_is_not_strict_is_refused(text: str | bytes) -> None:
    with pytest.raises(NotStrictJsonError):
        loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])), st.lists
    )
)
def test_what_json_writes_is_read_back(value: object) -> None:
    assert loads(json.dumps(value), max_depth=1000) == value
