"""`Retry-After` of any answer: seconds, or a time by the server's own clock; within reason, and no nonsense."""

from datetime import timedelta

import pytest
from evergrant.ports.http import HttpAnswer

from tests.builders import DAY, MINUTE

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("1800", 30 * MINUTE),
        (" 7 ", timedelta(seconds=7)),
        ("0", timedelta(0)),
        ("999999999999", DAY),
        ("Tue, 24 Nov 2026 12:30:00 GMT", 30 * MINUTE),
        ("Tuesday, 24-Nov-26 12:30:00 GMT", 30 * MINUTE),
        ("Tue, 24 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("٧", None),  # noqa: RUF001  # a digit, and no ASCII
        ("soon", None),
        ("Tue, 99 Nov 2026 12:30:00 GMT", None),
    ],
)
def test_what_is_asked_for_is_heard_within_reason(asked: str, waits: timedelta | None) -> None:
    assert HttpAnswer(503, {"retry-after": asked, "date": DATE}, b"").retry_after == waits


@pytest.mark.parametrize("headers", [{}, {"retry-after": DATE}, {"retry-after": DATE, "date": "x"}])
def test_without_a_clock_to_compare_with_nothing_is_asked_for(headers: dict[str, str]) -> None:
    assert HttpAnswer(503, headers, b"").retry_after is None
