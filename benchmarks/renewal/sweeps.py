"""Sweeps that come twice at once, hours late, or die between query and queue: each due credential is renewed once.

`python -m benchmarks.renewal.sweeps [--credentials N] [--json]`: the handlers over the emulator, in virtual time, and a
provider on loopback where a refresh token that comes twice ends the grant.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count

from moto import mock_aws

from benchmarks.renewal.emulated import emulated
from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.builders import HOUR, MINUTE
from tests.functions.deployment import deployed
from tests.functions.faults import KilledError
from tests.functions.grants import LIFE, Herd, herd
from tests.functions.virtual import VirtualTime

UNTIL_DUE = 39 * MINUTE
"""Then the jitter of an hour's tokens begins, which are renewed within ten minutes."""


@dataclass(frozen=True, slots=True)
class Renewals:
    """What became of a herd."""

    never: int
    once: int
    more: int
    alive: int
    """Rows that are active with a token that the provider takes, of their second generation."""
    messages: int


def in_time(time: VirtualTime) -> None:
    """Each minute, as scheduled."""
    time.skip(UNTIL_DUE)
    time.pass_(LIFE - UNTIL_DUE)


def twice_at_once(time: VirtualTime) -> None:
    """A second sweep runs from its beginning to its end while the first has read and not yet sent."""

    def another() -> None:
        time.before_sending, again = (lambda: None), time.before_sending
        time.sweep()
        time.before_sending = again

    time.before_sending = another
    in_time(time)


def two_hours_late(time: VirtualTime) -> None:
    """After the tokens' end."""
    time.skip(UNTIL_DUE + 2 * HOUR)
    time.pass_(10 * MINUTE)


def killed(time: VirtualTime) -> None:
    """For six minutes two of three die when they have read: before their first message, or between two."""
    sendings = count()

    def dies() -> None:
        if next(sendings) % 3:
            raise KilledError

    time.skip(UNTIL_DUE)
    time.before_sending = dies
    time.pass_(6 * MINUTE)
    time.before_sending = lambda: None
    time.pass_(LIFE - UNTIL_DUE - 6 * MINUTE)


SWEEPS: dict[str, Callable[[VirtualTime], None]] = {
    "each minute": in_time,
    "twice at once": twice_at_once,
    "two hours late": two_hours_late,
    "killed between query and queue": killed,
}


def renewed(
    sweeps: Callable[[VirtualTime], None],
    credentials: int,
    *,
    aws: Callable[[], AbstractContextManager[object]] = mock_aws,
) -> Renewals:
    """All that are due, swept in this way."""
    with deployed(aws) as functions, herd(functions, credentials) as herd_:
        sweeps(herd_.time)
        return _counted(herd_)


def _counted(herd_: Herd) -> Renewals:
    asked = herd_.asked()
    good = [row for row in herd_.rows() if (row.status, row.generation) == ("active", 2)]
    return Renewals(
        never=asked.count(0),
        once=asked.count(1),
        more=sum(times > 1 for times in asked),
        alive=sum(row.credential_id not in herd_.provider.dead for row in good),
        messages=herd_.time.sent,
    )


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=500)
    rows: list[list[str | int | float]] = []
    for name, sweeps in SWEEPS.items():
        progress(name)
        found = renewed(sweeps, asked.credentials, aws=emulated)
        rows.append([name, asked.credentials, found.messages, found.never, found.once, found.more, found.alive])
    progress_over()
    report = Report(
        "Sweeps",
        ("swept", "due", "messages", "never asked", "asked once", "asked again", "renewed and alive"),
        rows,
        [
            Promise(f"{row[0]}: every due credential is renewed exactly once.", row[4] == row[6] == asked.credentials)
            for row in rows
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
