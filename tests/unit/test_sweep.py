"""The sweep in time, with fakes: whenever in its minute something comes due, it is queued for that very second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from evergrant.domain.due import FOUR, MINIMUM_LEAD, Shards, minute_of, partitions, slot
from evergrant.domain.errors import UnavailableError
from evergrant.domain.ids import CredentialId
from evergrant.use_cases.renewals.sweep import renewals_due, sweep_due

from tests.builders import MINUTE, NOON

PHASE = timedelta(seconds=17)
"""When in its minute the schedule runs."""


@dataclass
class Deployment:
    """The sweep's ports in one: an index of credentials, their queue, the cursor, the clock."""

    at: datetime = NOON
    away: bool = False
    index: dict[str, datetime] = field(default_factory=dict[str, datetime])
    arrivals: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When a worker first has the message."""
    steps: int = 10_000
    """Minutes of what was missed that one run has time for."""
    shards: Shards = FOUR
    _minute: int | None = None
    _left: int = 0

    def now(self) -> datetime:
        return self.at

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[CredentialId, datetime]]:
        found = [(CredentialId(name), at) for name, at in self.index.items() if at <= until]
        return [(name, at) for name, at in found if slot(name, at=at, shards=self.shards).partition == partition]

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        if self.away:
            raise UnavailableError("The queue is away for a moment. Try again.")
        for message in messages:
            self.arrivals.setdefault(str(message["credentialId"]), self.at + timedelta(seconds=delay_seconds))

    def read(self) -> int | None:
        return self._minute

    def move(self, minute: int) -> None:
        self._minute = minute

    def steps_left(self) -> int:
        self._left -= 1
        return self._left + 1

    def sweep(self, minute: int) -> int:
        """That minute's run: how many messages it queued. What has reached a worker is due no more."""
        self._left = self.steps
        self.at = NOON + minute * MINUTE + PHASE
        for name in [name for name, at in self.arrivals.items() if at <= self.at]:
            self.index.pop(name, None)
        ports = cast("Any", self)
        kinds = {"renewals": renewals_due(ports, queue=ports, cursor=ports, shards=self.shards)}
        return sweep_due(kinds, clock=ports, has_time=lambda: self.steps_left() > 0)["renewals"].queued


def lateness(deployment: Deployment, second: int, *, runs: Sequence[int]) -> float:
    """Seconds from due to worker: written in that second of minute 1, due as soon as may be."""
    deployment.sweep(0)
    written = NOON + MINUTE + timedelta(seconds=second)
    waiting = {"cred_1": written + MINIMUM_LEAD}
    for minute in runs:
        if NOON + minute * MINUTE + PHASE >= written:
            deployment.index |= waiting
            waiting = {}
        deployment.sweep(minute)
    return (deployment.arrivals["cred_1"] - written - MINIMUM_LEAD).total_seconds()


@pytest.mark.parametrize("second", range(60))
def test_what_comes_due_waits_for_no_run(second: int) -> None:
    late = lateness(Deployment(), second, runs=[1, 2, 3])

    assert 0 <= late <= 1


@pytest.mark.parametrize("second", [0, 17, 18, 59])
def test_fault_29_what_missed_runs_left_is_queued_by_the_next(second: int) -> None:
    late = lateness(Deployment(), second, runs=[1, 120])

    assert 0 <= late <= 119 * 60


def test_fault_28_a_run_that_died_is_made_up_for() -> None:
    deployment = Deployment()
    deployment.sweep(0)
    deployment.index["cred_1"] = NOON + 2 * MINUTE
    deployment.away = True
    with pytest.raises(UnavailableError):
        deployment.sweep(1)
    deployment.away = False

    deployment.sweep(2)

    assert deployment.arrivals == {"cred_1": NOON + 2 * MINUTE + PHASE}


def test_what_a_worker_has_is_not_queued_again() -> None:
    deployment = Deployment(index={"cred_1": NOON + 2 * MINUTE})

    queued = [deployment.sweep(minute) for minute in (0, 1, 2, 3)]

    assert queued == [0, 1, 0, 0]


def test_after_a_long_stop_what_comes_due_now_does_not_wait_for_what_was_missed() -> None:
    deployment = Deployment(steps=10)
    deployment.sweep(0)
    days = 3 * 24 * 60
    deployment.index = {"missed": NOON + 2000 * MINUTE, "now": NOON + (days + 1) * MINUTE}

    deployment.sweep(days)

    assert deployment.arrivals == {"now": NOON + (days + 1) * MINUTE + timedelta(seconds=1)}


def test_a_run_that_had_no_time_left_is_gone_on_from() -> None:
    deployment = Deployment(steps=100)
    deployment.sweep(0)
    deployment.index = {"missed": NOON + 250 * MINUTE}

    queued = [deployment.sweep(minute) for minute in (1000, 1001, 1002)]

    assert queued == [0, 0, 1]


def test_fault_28_a_run_that_dies_in_what_was_missed_keeps_what_it_did() -> None:
    deployment = Deployment()
    deployment.sweep(0)
    deployment.index = {"missed": NOON + 500 * MINUTE}
    deployment.away = True
    with pytest.raises(UnavailableError):
        deployment.sweep(1000)

    reached = deployment.read()

    assert reached == int((NOON + 499 * MINUTE).timestamp()) // 60


def test_each_minute_is_read_in_the_partitions_that_it_has() -> None:
    growing = Shards(((0, 4), (minute_of(NOON) + 2, 16)))
    names = [f"cred_{number}" for number in range(64)]
    deployment = Deployment(shards=growing, index={name: NOON + MINUTE * (1 + n % 3) for n, name in enumerate(names)})
    written = {slot(name, at=at, shards=growing).partition for name, at in deployment.index.items()}

    for minute in range(4):
        deployment.sweep(minute)

    assert len(written) > 8
    assert set(deployment.arrivals) == set(names)


def test_what_was_written_before_a_minute_got_more_partitions_is_found() -> None:
    growing = Shards(((0, 4), (minute_of(NOON) + 2, 16)))

    before, after = slot("cred_1", at=NOON + 2 * MINUTE), partitions(minute_of(NOON) + 2, shards=growing)

    assert before.partition in after


@pytest.mark.parametrize("text", ["", "5:4", "0:0", "0:4,x:8", "4"])
def test_a_table_of_partitions_that_says_nothing_usable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Shards.parsed(text)
