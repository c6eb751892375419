"""Comparing what proves a caller: how long it takes tells nothing of what is kept."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from evergrant.domain import bearer

SECRET = "5" * 64
KEPT = bearer.digest(SECRET)
KEY = bearer.compose("evg_", "key_01", SECRET)
NEAR, FAR = SECRET[:-1] + "6", "6" + SECRET[1:]


class Untouchable(str):
    """Text that Python's own comparisons must leave alone: they stop at the first difference."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared by ==")

    def __iter__(self) -> Any:
        raise AssertionError("compared by character")

    def __getitem__(self, at: Any) -> str:
        raise AssertionError("compared by character")

    def startswith(self, *prefix: Any) -> bool:
        raise AssertionError("compared by prefix")


def instructions(act: Callable[[], object]) -> int:
    """How many of the interpreter's instructions it takes."""
    counted = [0]

    def count(frame: FrameType, event: str, arg: object) -> Any:
        frame.f_trace_opcodes = True
        counted[0] += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        act()
    finally:
        sys.settrace(before)
    return counted[0]


def test_attack_35_what_is_kept_is_compared_in_constant_time() -> None:
    kept = Untouchable(KEPT)

    assert bearer.matches(kept, SECRET)
    assert not any(bearer.matches(kept, each) for each in (NEAR, FAR, "", SECRET + "5"))


@pytest.mark.parametrize("guess", [NEAR, FAR], ids=["wrong_at_the_end", "wrong_at_the_beginning"])
def test_attack_35_a_near_guess_is_compared_as_long_as_a_far_one(guess: str) -> None:
    """Instructions are counted, not time: a statistic over 10^4 timings could not fail for the right reason.

    What is compared are SHA-256 digests, of which a guess that is nearly right shares no more with the kept one than
    any other; and a difference of a nanosecond in comparing 64 bytes drowns in the microsecond of hashing them. So a
    test of timings would pass with `==` as well, while a threshold would fail on a busy machine. What Python itself
    does is counted here exactly; that the one call left below it takes no shorter way is `compare_digest`'s promise,
    and the test above holds that nothing else compares.
    """
    right = instructions(lambda: bearer.matches(KEPT, SECRET))

    assert right > 0
    assert instructions(lambda: bearer.matches(KEPT, guess)) == right


@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
def test_attack_35_a_checksum_is_refused_as_fast_wherever_it_is_wrong(at: int) -> None:
    body, _, checksum = KEY.rpartition("_")
    digits = list(checksum)
    digits[at] = "0" if digits[at] != "0" else "1"
    wrong, other = f"{body}_{''.join(digits)}", f"{body}_{'z' * 8}"

    counts = {instructions(lambda text=text: bearer.parse("evg_", "key", text)) for text in (wrong, other)}

    assert bearer.parse("evg_", "key", wrong) is None
    assert len(counts) == 1


def test_attack_35_a_guess_that_is_nearly_right_has_nothing_near_in_its_digest() -> None:
    agreeing = sum(left == right for left, right in zip(bearer.digest(NEAR), KEPT, strict=True))

    # Of 64 hexadecimal digits two chance ones agree in four.
    assert agreeing < 16
