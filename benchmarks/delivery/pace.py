"""How many events a second come through the local stack, from the change of a credential to its receiver.

`python -m benchmarks.delivery.pace [--events N] [--callers N] [--json]`: changes by several callers at once, as fast as
they are answered, for one receiver. It is the emulator's pace, on this machine: AWS's is another.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.delivery.receivers import changer, part_of, receivers, stacked
from benchmarks.report import Promise, Report, arguments, finish, progress_over
from tests.stack.conftest import Stack

PATIENCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Pace:
    """Of so many events."""

    events: int
    changed: float
    """Changes a second that were answered."""
    delivered: float
    """Events a second, from the first change to the last receipt."""
    p50: float
    p95: float
    """Seconds from a change to its receipt."""
    again: int


def paced(stack: Stack, events: int, callers: int) -> Pace:
    """Each caller has a credential of its own."""
    changes = [changer(stack) for _ in range(callers)]
    with receivers(stack, 1) as hall, ThreadPoolExecutor(callers) as pool:
        began = time.monotonic()
        list(pool.map(lambda number: changes[number % callers](), range(events)))
        answered = time.monotonic() - began
        hall.wait_for(events, seconds=PATIENCE_SECONDS)
        arrived = time.monotonic() - began
        ids = [each.event_id for each in hall.arrived]
        delays = sorted(each.delay for each in hall.arrived)
    progress_over()
    return Pace(
        len(set(ids)),
        events / answered,
        events / arrived,
        part_of(delays, 0.5),
        part_of(delays, 0.95),
        len(ids) - len(set(ids)),
    )


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, events=500, callers=4)
    with stacked() as stack:
        paced(stack, 20, asked.callers)
        pace = paced(stack, asked.events, asked.callers)
    report = Report(
        "Events through the local stack",
        ("events", "changes a second", "events a second, delivered", "p50 s", "p95 s", "came again"),
        [[pace.events, pace.changed, pace.delivered, pace.p50, pace.p95, pace.again]],
        [Promise("Every event arrived, and none twice.", pace.events == asked.events and not pace.again)],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
