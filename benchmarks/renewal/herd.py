"""A herd whose tokens end in one second: its app is asked within its limit, and all are renewed before that second.

`python -m benchmarks.renewal.herd [--credentials N] [--synthetic N] [--json]`: the spread of a million, computed; and
10,000 through the handlers over the emulator, in virtual time, with a provider on loopback.
"""

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from evergrant.domain.due import FOUR, minute_of
from moto import mock_aws

from benchmarks.renewal.emulated import emulated
from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.builders import HOUR, MINUTE, NOON, a_grant
from tests.functions.deployment import deployed
from tests.functions.grants import LIFE, herd

UNTIL_DUE = 39 * MINUTE
EVENLY = 1.05
WRITES_OF_A_PARTITION = 1000 * 60
"""A minute, as DynamoDB has it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How due times lie over the minutes."""

    minutes: int
    unevenness: float
    """The fullest minute, over the mean."""
    of_a_partition: float
    """Writes in the fullest minute."""


def spread(credentials: int) -> Spread:
    """Of grants whose tokens end in the same second."""
    ends = NOON + HOUR + timedelta(seconds=17)
    starts = (a_grant(credential_id=f"cred_{n}", token_expires_at=ends).renewal_starts() for n in range(credentials))
    minutes = Counter(minute_of(each) for each in starts if each)
    fullest = max(minutes.values())
    return Spread(len(minutes), fullest * len(minutes) / credentials, fullest / FOUR.of(minute_of(NOON)))


@dataclass(frozen=True, slots=True)
class Tamed:
    """What a herd did to its app."""

    calls: int
    once: int
    """Credentials that the app was asked for once."""
    most: int
    """Calls in any time of the limit's length."""
    in_time: int
    """Credentials that were renewed before the second in which their tokens end."""


def tamed(
    credentials: int, *, requests: int, seconds: int, aws: Callable[[], AbstractContextManager[object]] = mock_aws
) -> Tamed:
    """A herd at an app that takes so many `requests` in so many `seconds`."""
    limits = [{"requests": requests, "seconds": seconds}]
    with deployed(aws) as functions, herd(functions, credentials, limits=limits) as herd_:
        herd_.time.skip(UNTIL_DUE)
        for minute in range((LIFE - UNTIL_DUE) // MINUTE):
            progress(f"minute {minute}: {len(herd_.provider.calls):,} of {credentials:,} renewed")
            herd_.time.pass_(MINUTE)
        progress_over()
        in_time = sum(row.generation == 2 and row.status == "active" for row in herd_.rows())
        calls = len(herd_.provider.calls)
        return Tamed(calls, herd_.asked().count(1), herd_.provider.most_in(seconds), in_time)


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=10_000, synthetic=1_000_000, requests=20, seconds=1)
    even = spread(asked.synthetic)
    found = tamed(asked.credentials, requests=asked.requests, seconds=asked.seconds, aws=emulated)
    report = Report(
        "A herd whose tokens end in one second",
        (
            "credentials",
            "minutes",
            "fullest minute / mean",
            "writes of a partition",
            "calls",
            "most at once",
            "in time",
        ),
        [
            [asked.synthetic, even.minutes, even.unevenness, even.of_a_partition, None, None, None],
            [asked.credentials, None, None, None, found.calls, found.most, found.in_time],
        ],
        [
            Promise(f"The fullest minute has {even.unevenness:.3f} times the mean (at most {EVENLY}).", _is_even(even)),
            Promise(
                f"At most {found.most} calls in {asked.seconds} s; the app takes {asked.requests}.",
                found.most <= asked.requests,
            ),
            Promise(
                "Each is renewed once, and before its token ends.", found.once == found.in_time == asked.credentials
            ),
        ],
    )
    return finish(report, as_json=asked.json)


def _is_even(even: Spread) -> bool:
    return even.unevenness <= EVENLY and even.of_a_partition <= WRITES_OF_A_PARTITION


if __name__ == "__main__":
    sys.exit(main())
