"""Workers that are killed at any moment (SIGKILL): no grant is lost that could be kept.

`python -m benchmarks.renewal.kills [--credentials N] [--kills N] [--readers N] [--json]`: readers, at a provider that
takes a used refresh token again for half an hour; then workers of the queue, each a process for one invocation, at one
that ends the grant on reuse. There a grant is lost with the worker that was killed when the provider had its request.
"""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId
from evergrant.runtime import wiring

from benchmarks.renewal.readers import everyone_reads, lost
from benchmarks.renewal.workers import Crew, Read, Task, crewed, killing, killing_inside, nothing, unusable
from benchmarks.report import Promise, Report, arguments, finish, progress
from tests.builders import MINUTE
from tests.functions.grants import Herd, told

EXPIRED = "credential.expired"
AT_ONCE = 30
OVERLAP = 30 * MINUTE
NEAR_THE_END = 56 * MINUTE
"""Of an hour, and for six minutes before: a renewal is due, and the token still works."""
OF_FIVE = 2
"""So many of five workers of the queue are killed, and one at the worst moment; of readers, one of five."""
AFTER_PATIENCE, AFTER_STRICT_PATIENCE = MINUTE / 2, 7 * MINUTE
SETTLING = 6


@dataclass(frozen=True, slots=True)
class Survived:
    """What the kills left."""

    kills: int
    expiries: int
    calls: int
    """Of the provider."""
    unusable: int
    """Tokens that the provider did not take, of grants that lived."""
    lost: int
    inside: int
    """Grants whose worker was killed after the provider had its request, and before its answer was kept."""
    told: int
    """Events `credential.expired`."""


def of_readers(credentials: int, kills: int, readers: int) -> Survived:
    """Any of them, whatever it does."""
    chance, rounds, wrong = random.Random(1), 0, 0  # noqa: S311  # no secret
    with crewed(credentials, overlap=OVERLAP) as crew_:
        herd_ = crew_.herd
        crew_.work(everyone_reads(crew_, readers))
        seconds = _timed(crew_, lambda: crew_.work(everyone_reads(crew_, readers)))
        since = herd_.time.now()
        while crew_.killed < kills:
            since = come_near_the_end(herd_, since)
            rounds += 1
            some = chance.sample(range(readers), readers // 5)
            tasks = everyone_reads(crew_, readers)
            with killing(crew_, some, within=seconds, chance=chance) as kill:
                answers = crew_.work(tasks, kill)
            wrong += unusable(answers)
            _settled(crew_, readers, generation=rounds + 2)
            progress(f"{crew_.killed} of {kills} kills")
        made = (rounds + 1) * credentials
        return Survived(crew_.killed, made, len(herd_.provider.calls), wrong, lost(herd_), 0, _said(EXPIRED))


def of_the_queue(credentials: int, kills: int) -> Survived:
    """Each is a cold process of its own, for one credential; a grant that was lost is left out from then on."""
    chance, inside, wrong = random.Random(2), 0, 0  # noqa: S311  # no secret
    with crewed(credentials) as crew_:
        herd_ = crew_.herd
        first = herd_.ids[:AT_ONCE]
        seconds = _timed(crew_, lambda: _renewed(crew_, first))
        expiries = len(first)
        while crew_.killed < kills and living(herd_):
            herd_.time.skip(NEAR_THE_END)
            rows = living(herd_)
            expiries += len(rows)
            for some in (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)):
                inside += _some_killed(crew_, some, within=seconds, chance=chance)
            wrong += _settled_strictly(crew_, rows)
            progress(f"{crew_.killed} of {kills} kills")
        calls = len(herd_.provider.calls)
        return Survived(crew_.killed, expiries, calls, wrong, lost(herd_), inside, _said(EXPIRED))


def come_near_the_end(herd_: Herd, since: datetime) -> datetime:
    """Of the tokens that are that old or a little younger; the time then."""
    herd_.time.skip(since + NEAR_THE_END - herd_.time.now())
    return herd_.time.now()


def living(herd_: Herd) -> list[Credential]:
    """All that nobody said to be dead."""
    return [row for row in herd_.rows() if row.status != "expired"]


def _some_killed(crew_: Crew, rows: Sequence[Credential], *, within: float, chance: random.Random) -> int:
    """How many of the grants hang on a worker that was killed: it had asked, and had not kept the answer."""
    asked_before = len(crew_.herd.provider.calls)
    some = [number for number in range(1, len(rows)) if chance.randrange(5) < OF_FIVE]
    with killing(crew_, some, within=within, chance=chance) as kill, killing_inside(crew_, 0, rows[0].credential_id):
        answers = _renewed(crew_, [row.credential_id for row in rows], kill)
    asked = {grant for _, grant in crew_.herd.provider.calls[asked_before:]}
    after = {row.credential_id: row.generation for row in crew_.herd.rows()}
    hung = [
        row
        for row, answer in zip(rows, answers, strict=True)
        if answer is None and row.credential_id in asked and after[row.credential_id] == row.generation
    ]
    return len(hung)


def _renewed(crew_: Crew, ids: Sequence[str], during: Callable[[], object] = nothing) -> list[list[Read] | None]:
    """Each by a cold process, which has its message."""
    crew_.cool()
    found = map(wiring.credentials().get, map(CredentialId, ids))
    return crew_.work(
        [Task(crew_.herd.time.now(), renews={row.credential_id: row.due_at}) for row in found if row], during
    )


def _timed(crew_: Crew, renewed: Callable[[], object]) -> float:
    """Seconds that a renewal takes when nobody is killed: kills are spread over that."""
    crew_.herd.time.skip(NEAR_THE_END)
    began = monotonic()
    renewed()
    return monotonic() - began


def _settled(crew_: Crew, readers: int, *, generation: int) -> None:
    """Readers come again, until whatever the dead left is renewed. Raises: RuntimeError when it never is."""
    for _ in range(SETTLING):
        if all(row.generation >= generation for row in crew_.herd.rows()):
            return
        crew_.herd.time.skip(AFTER_PATIENCE)
        crew_.work(everyone_reads(crew_, readers))
    raise RuntimeError(f"not renewed: {[row.generation for row in crew_.herd.rows()]}, wanted {generation}")


def _settled_strictly(crew_: Crew, before: Sequence[Credential]) -> int:
    """Messages come again until all are renewed or dead; how many tokens of the living do not work."""
    reached = {row.credential_id: row.generation for row in before}
    for _ in range(SETTLING):
        left = [row.credential_id for row in living(crew_.herd) if row.generation == reached[row.credential_id]]
        if not left:
            break
        crew_.herd.time.skip(AFTER_STRICT_PATIENCE)
        _renewed(crew_, left)
    reads = Task(crew_.herd.time.now(), reads=[row.credential_id for row in living(crew_.herd)])
    return unusable(crew_.work([reads]))


def _said(event: str) -> int:
    return told().get(event, 0)


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=20, kills=300, readers=50)
    readers = of_readers(asked.credentials, asked.kills, asked.readers)
    queue = of_the_queue(5 * asked.credentials, asked.kills)
    report = Report(
        "Workers killed at any moment",
        (
            "",
            "kills",
            "expiries",
            "calls per expiry",
            "tokens that do not work",
            "grants lost",
            "killed inside",
            "told",
        ),
        [
            [
                name,
                each.kills,
                each.expiries,
                each.calls / each.expiries,
                each.unusable,
                each.lost,
                each.inside,
                each.told,
            ]
            for name, each in (("readers, overlap", readers), ("the queue's, strict", queue))
        ],
        [
            Promise("No grant is lost where the provider has an overlap.", readers.lost == 0),
            Promise(
                "There the provider is asked 1.10 times an expiry at most.", readers.calls <= 1.1 * readers.expiries
            ),
            Promise(
                "Where reuse ends a grant, only those are lost whose worker had asked.", queue.lost <= queue.inside
            ),
            Promise("Each of these is told of once.", queue.told == queue.lost),
            Promise("Some of them were lost: this can fail.", queue.lost > 0),
            Promise("Every token that was handed out works.", not readers.unusable + queue.unusable),
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
