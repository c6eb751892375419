"""Readers of tokens that have ended, at a provider where a refresh token that comes twice ends the grant.

`python -m benchmarks.renewal.readers [--credentials N] [--expiries N] [--readers N] [--json]`: every reader is a
process of its own; beside it the twin, which has no lease, shows what would be lost.
"""

import sys
from dataclasses import dataclass

from benchmarks.renewal.workers import Crew, Task, crewed
from benchmarks.report import Promise, Report, arguments, finish, progress
from tests.builders import MINUTE
from tests.functions.grants import LIFE, Herd

READS = 4
"""Credentials that each reader asks for, one after the other."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of it all."""

    expiries: int
    reads: int
    unanswered: int
    """Reads that got no token."""
    unusable: int
    """Tokens that the provider did not take."""
    calls: int
    """Of the provider."""
    lost: int
    """Grants."""


def everyone_reads(crew_: Crew, readers: int) -> list[Task]:
    """Each credential by as many readers as any other, in another order each."""
    ids, at = crew_.herd.ids, crew_.herd.time.now()
    return [Task(at, reads=[ids[(number + step) % len(ids)] for step in range(READS)]) for number in range(readers)]


def read(credentials: int, expiries: int, readers: int, *, leases: bool = True) -> Seen:
    """All end at once, again and again, and everybody wants them at that moment."""
    rounds = -(-expiries // credentials)
    reads = unanswered = unusable = 0
    with crewed(credentials, leases=leases) as crew_:
        herd_ = crew_.herd
        for number in range(rounds):
            herd_.time.skip(LIFE + MINUTE)
            answers = [each for found in crew_.work(everyone_reads(crew_, readers)) for each in found or ()]
            reads += len(answers)
            unanswered += sum(each.status != 200 for each in answers)
            unusable += sum(each.status == 200 and not each.works for each in answers)
            progress(f"{(number + 1) * credentials} of {rounds * credentials} expiries")
        return Seen(rounds * credentials, reads, unanswered, unusable, len(herd_.provider.calls), lost(herd_))


def lost(herd_: Herd) -> int:
    """Grants that the provider ended, or that are said to be dead."""
    return sum(row.credential_id in herd_.provider.dead or row.status == "expired" for row in herd_.rows())


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=20, expiries=1000, readers=50)
    seen = read(asked.credentials, asked.expiries, asked.readers)
    twin = read(asked.credentials, asked.credentials, asked.readers, leases=False)
    per_expiry = seen.calls / seen.expiries
    report = Report(
        f"{asked.readers} readers at once, a provider that ends the grant on reuse",
        (
            "",
            "expiries",
            "reads",
            "calls per expiry",
            "reads without a token",
            "tokens that do not work",
            "grants lost",
        ),
        [
            [name, each.expiries, each.reads, each.calls / each.expiries, each.unanswered, each.unusable, each.lost]
            for name, each in (("with leases", seen), ("the twin without", twin))
        ],
        [
            Promise("The provider is asked once for each expiry.", per_expiry == 1),
            Promise("No grant is lost, and the provider refuses nothing.", seen.lost == 0),
            Promise("Every reader gets a token that works at the provider.", not seen.unanswered + seen.unusable),
            Promise("Without leases grants are lost: this can fail.", twin.lost > 0),
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
