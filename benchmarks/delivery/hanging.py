"""One of ten receivers misbehaves: the others hear as soon as ever, and no worker is held for long or fed too much.

`python -m benchmarks.delivery.hanging [--events N] [--json]`: the local stack, with its five workers of deliveries, and
real connections. Events come one every two seconds. What is measured depends on the machine; the gate holds what does
not: how many workers the one may have.
"""

import json
import sys
import time
from dataclasses import dataclass
from functools import partial

from evergrant.domain.webhooks import AT_ONCE

from benchmarks.delivery.receivers import Receivers, changer, part_of, receivers, stacked
from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.misbehaving import Behaviour, drip_body, pour, say_nothing
from tests.stack.conftest import Stack
from tests.stack.listening import PROC, tree

RECEIVERS = 10
GIB = 2**30
PAUSE = 2.0
WAYS: dict[str, Behaviour | None] = {
    "nothing": None,
    "says nothing": say_nothing,
    "a byte a second": partial(drip_body, pause=1),
    "a GiB": partial(pour, most=GIB),
}
P95_SECONDS, WORKER_MS, GROWTH_MIB = 5, 15_500, 20
PATIENCE_SECONDS = 300
AN_ATTEMPT = 16
"""Seconds until the last of the first one's attempts is over."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one way to misbehave."""

    others: int
    """Deliveries to the other nine."""
    p50: float
    p95: float
    """Of their seconds from the change to the receiver."""
    most_workers: int
    """That the one had at a time."""
    longest_ms: int
    """Of an attempt at the one."""
    peak_mib: float
    """The most memory that a worker of deliveries ever had."""


def seen(stack: Stack, events: int, misbehaves: Behaviour | None) -> Seen:
    """So many events for ten receivers."""
    change = changer(stack)
    with receivers(stack, RECEIVERS, misbehaves) as hall:
        for number in range(events):
            change()
            progress(f"{number + 1} of {events} events, {len(hall.arrived)} delivered")
            time.sleep(PAUSE)
        well = RECEIVERS - 1 if misbehaves else RECEIVERS
        hall.wait_for(well * events, seconds=PATIENCE_SECONDS)
        time.sleep(AN_ATTEMPT if misbehaves else 0)
        longest = _longest(stack, hall)
    progress_over()
    delays = sorted(each.delay for each in hall.arrived if each.path != "/0")
    return Seen(len(delays), part_of(delays, 0.5), part_of(delays, 0.95), hall.most_open, longest, _peak(stack))


def _longest(stack: Stack, hall: Receivers) -> int:
    """Milliseconds, as the log of deliveries has them."""
    logs = [stack.request("GET", f"/events/{each}/deliveries").json()["data"] for each in hall.asked]
    attempts = [
        attempt["durationMs"]
        for log in logs
        for delivery in log
        if delivery["endpointId"] == hall.endpoints["/0"]
        for attempt in delivery["attempts"]
    ]
    return max(attempts, default=0)


def _peak(stack: Stack) -> float:
    """MiB: `VmHWM` of the emulator's processes that run the function."""
    launcher = json.loads((stack.state / "local.json").read_text())["pid"]
    workers = [each for each in tree(launcher) if b"-DeliverFunction-" in (PROC / str(each) / "cmdline").read_bytes()]
    statuses = [(PROC / str(each) / "status").read_text() for each in workers]
    return max(int(each.partition("VmHWM:")[2].split()[0]) for each in statuses) / 1024


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, events=30)
    with stacked() as stack:
        seen(stack, 3, None)
        found = {way: seen(stack, asked.events, misbehaves) for way, misbehaves in WAYS.items()}
    bad = {way: each for way, each in found.items() if WAYS[way]}
    growth = max(each.peak_mib for each in bad.values()) - found["nothing"].peak_mib
    report = Report(
        "One of ten receivers misbehaves",
        ("what it does", "to the others", "p50 s", "p95 s", "its workers", "longest attempt ms", "worker's peak MiB"),
        [
            [way, each.others, each.p50, each.p95, each.most_workers, each.longest_ms, each.peak_mib]
            for way, each in found.items()
        ],
        [
            Promise(f"The others' p95 is under {P95_SECONDS} s.", all(each.p95 < P95_SECONDS for each in bad.values())),
            Promise(f"It has {AT_ONCE} workers at most.", all(each.most_workers <= AT_ONCE for each in bad.values())),
            Promise("An attempt takes 15.5 s at most.", all(each.longest_ms <= WORKER_MS for each in bad.values())),
            Promise(f"A worker's memory grows by {growth:.1f} MiB (under {GROWTH_MIB}).", growth < GROWTH_MIB),
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
