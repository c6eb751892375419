"""How many events a second come through the local stack, from the change of a credential to its receiver.

`python -m benchmarks.delivery.pace [--events N] [--callers N] [--json]`: changes by several callers at once, as fast as
they are answered, for one receiver, which takes three at a time; then a tenth of them for ten receivers. It is the
emulator's pace, on this machine: AWS's is another.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.delivery.receivers import changer, part_of, receivers, stacked
from benchmarks.report import Promise, Report, arguments, finish, progress_over
from tests.stack.conftest import Stack

PATIENCE_SECONDS = 600
MANY = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """Of so many deliveries."""

    deliveries: int
    changed: float
    """Changes a second that were answered."""
    delivered: float
    """Deliveries a second, from the first change to the last receipt."""
    p50: float
    p95: float
    """Seconds from a change to its receipt."""
    again: int


def paced(stack: Stack, events: int, callers: int, *, at: int) -> Pace:
    """`at` so many receivers; each caller has a credential of its own, and an equal part."""
    changes = [changer(stack) for _ in range(callers)]

    def call(change: Callable[[], None]) -> None:
        for _ in range(events // callers):
            change()

    with receivers(stack, at) as hall, ThreadPoolExecutor(callers) as pool:
        began = time.monotonic()
        list(pool.map(call, changes))
        answered = time.monotonic() - began
        hall.wait_for(at * events, seconds=PATIENCE_SECONDS)
        arrived = time.monotonic() - began
        ids = [(each.path, each.event_id) for each in hall.arrived]
        delays = sorted(each.delay for each in hall.arrived)
    progress_over()
    return Pace(
        len(set(ids)),
        events / answered,
        len(ids) / arrived,
        part_of(delays, 0.5),
        part_of(delays, 0.95),
        len(ids) - len(set(ids)),
    )


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, events=400, callers=4)
    with stacked() as stack:
        paced(stack, 20, asked.callers, at=1)
        found = {at: paced(stack, asked.events // at, asked.callers, at=at) for at in (1, MANY)}
    report = Report(
        "Events through the local stack",
        ("receivers", "deliveries", "changes a second", "deliveries a second", "p50 s", "p95 s", "came again"),
        [
            [at, each.deliveries, each.changed, each.delivered, each.p50, each.p95, each.again]
            for at, each in found.items()
        ],
        [
            Promise(
                "Every event arrived everywhere, and none twice.",
                all(each.deliveries == asked.events and not each.again for each in found.values()),
            )
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
