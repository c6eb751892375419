"""Workers that stand still (SIGSTOP) when the provider has spent their token, and go on when their lease is long over.

`python -m benchmarks.renewal.stalls [--credentials N] [--rounds N] [--json]`: one of ten, at a provider that takes a
used refresh token again for half an hour, and at one that ends the grant on reuse.
"""

import os
import random
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta

from evergrant.domain.renewal import terms

from benchmarks.renewal.kills import OVERLAP, SETTLING, come_near_the_end, living
from benchmarks.renewal.readers import lost
from benchmarks.renewal.workers import Crew, Task, crew, crewed, unusable
from benchmarks.report import Promise, Report, arguments, finish, progress
from tests.builders import MINUTE, SECOND

NONE = timedelta(0)
STALLS = {OVERLAP: 3 * MINUTE, NONE: terms.STRICT.lease + 30 * SECOND}
"""How long one stands still: beyond lease and patience, and where reuse is the end, beyond the lease."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """What became of it."""

    stalls: int
    expiries: int
    calls: int
    unusable: int
    lost: int


def stalled(credentials: int, rounds: int, *, overlap: timedelta) -> Stalled:
    """Others come by while they stand still, after their lease and again after the patience."""
    chance, stalls, wrong = random.Random(3), 0, 0  # noqa: S311  # no secret
    with crewed(credentials, overlap=overlap) as crew_:
        herd_ = crew_.herd
        since = herd_.time.now()
        for number in range(rounds):
            since = come_near_the_end(herd_, since)
            some = chance.sample(range(credentials), max(1, credentials // 10))
            wrong += _round(crew_, set(some), STALLS[overlap])
            stalls += len(some)
            _settled(crew_, number + 2)
            progress(f"{number + 1} of {rounds} rounds")
        return Stalled(stalls, rounds * credentials, len(herd_.provider.calls), wrong, lost(herd_))


def _round(crew_: Crew, some: set[int], length: timedelta) -> int:
    """Tokens that do not work, of readers who came by meanwhile."""
    herd_ = crew_.herd
    workers = len(herd_.ids)
    still = {herd_.ids[number]: number for number in some}

    def stand_still(grant: str) -> None:
        if grant in still:
            os.kill(crew_.pid(still.pop(grant)), signal.SIGSTOP)

    herd_.provider.before_answering = stand_still
    crew_.begin([Task(herd_.time.now(), reads=[each]) for each in herd_.ids])
    answers = crew_.answers(set(range(workers)) - some)
    herd_.provider.before_answering = lambda _: None
    wrong = 0
    with crew(herd_) as others:
        for _ in range(3):
            herd_.time.skip(length / 3)
            tasks = [Task(herd_.time.now(), reads=[herd_.ids[number]]) for number in sorted(some)]
            wrong += unusable(others.work(tasks))
    for number in some:
        os.kill(crew_.pid(number), signal.SIGCONT)
    answers += crew_.answers(some)
    return wrong + unusable(answers)


def _settled(crew_: Crew, generation: int) -> None:
    for _ in range(SETTLING):
        rows = [row for row in living(crew_.herd) if row.generation < generation]
        if not rows:
            return
        crew_.herd.time.skip(MINUTE)
        crew_.work([Task(crew_.herd.time.now(), reads=[row.credential_id]) for row in rows])


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=20, rounds=10)
    found = {
        name: stalled(asked.credentials, asked.rounds, overlap=overlap)
        for name, overlap in (("overlap", OVERLAP), ("strict", NONE))
    }
    report = Report(
        "Holders that stand still for longer than their lease",
        ("provider", "stalls", "expiries", "calls per expiry", "tokens that do not work", "grants lost"),
        [
            [name, each.stalls, each.expiries, each.calls / each.expiries, each.unusable, each.lost]
            for name, each in found.items()
        ],
        [
            Promise("No grant is lost.", not any(each.lost for each in found.values())),
            Promise("Every token that was handed out works.", not any(each.unusable for each in found.values())),
            Promise("Where reuse ends the grant, it is asked once.", found["strict"].calls == found["strict"].expiries),
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
