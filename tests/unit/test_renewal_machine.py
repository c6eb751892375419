"""Renewals under any order of crashes, stalls, lost answers and refusals: a state machine over the use case."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise

import pytest
from evergrant.domain import renewal
from evergrant.domain.errors import EvergrantError
from evergrant.use_cases.renewals.renew import renew_on_read
from evergrant.use_cases.renewals.rescue import rescue
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.builders import MINUTE, SECOND
from tests.unit.breaking import KilledError
from tests.unit.renewal_world import World
from tests.unit.spending_provider import Saying

AT_MOST_WITHOUT_A_CALM_MINUTE = 4 * MINUTE
"""Of faults one after the other: within the overlap somebody gets through."""
KILLS = st.none() | st.integers(0, 16)
"""Steps until a worker's end."""
SAYINGS: list[Saying] = ["answers", "loses_the_answer", "fails", "is_busy"]
STATUS = {
    "credential.created": "active",
    "credential.reconnected": "active",
    "credential.recovered": "active",
    "credential.degraded": "degraded",
    "credential.expired": "expired",
}


class Renewals(RuleBasedStateMachine):
    """One credential, many workers."""

    strict = False
    steps = 0

    @initialize()
    def begin(self) -> None:
        self.world = World(strict=self.strict)
        self.calm_since = self.world.clock.now()

    @property
    def is_due(self) -> bool:
        return renewal.is_due(self.world.row, at=self.world.clock.now())

    def faulty(self) -> bool:
        return self.world.clock.now() - self.calm_since < AT_MOST_WITHOUT_A_CALM_MINUTE

    @rule()
    def a_calm_minute_passes(self) -> None:
        """The sweep's minute, and the queues' deliveries."""
        world = self.world
        world.clock.pass_(MINUTE)
        world.breaks.calm()
        for message in world.queue:
            self._rescued(message)
            world.rescued(message)
        self._attempted()
        self.calm_since = world.clock.now()

    @rule(minutes=st.integers(2, 30))
    def calm_minutes_pass(self, minutes: int) -> None:
        for _ in range(minutes):
            self.a_calm_minute_passes()

    @precondition(faulty)
    @rule(says=st.lists(st.sampled_from(SAYINGS), min_size=1, max_size=4), kill=KILLS, seconds=st.integers(5, 60))
    def the_provider_has_a_bad_day(self, *, says: list[Saying], kill: int | None, seconds: int) -> None:
        self.world.provider.says = says
        self._forced(kill, seconds)

    @precondition(faulty)
    @rule(refusals=st.integers(0, 5), loses=st.integers(0, 2), kill=KILLS, seconds=st.integers(5, 60))
    def storage_goes_away_during_the_call(self, *, refusals: int, loses: int, kill: int | None, seconds: int) -> None:
        def away() -> None:
            self.world.breaks.refusals, self.world.breaks.loses_writes = refusals, loses

        self.world.provider.meanwhile = away
        self._forced(kill, seconds)

    @precondition(faulty)
    @rule(force=st.booleans(), kill=KILLS)
    def a_reader_comes(self, *, force: bool, kill: int | None) -> None:
        world, read = self.world, self.world.row
        if read.status == "expired":
            return
        world.breaks.killed_in = kill
        with suppress(KilledError, EvergrantError):
            renewer = world.renewer()
            after = renew_on_read(read, force=force, renewer=renewer, pause=renewer.pause)
            assert after.status == "expired" or after.generation >= read.generation
        world.breaks.killed_in = None

    @precondition(faulty)
    @rule(stalls=st.integers(1, 50), kill=st.none() | st.integers(0, 12), sent=st.booleans())
    def a_worker_stalls_while_others_come(self, *, stalls: int, kill: int | None, sent: bool) -> None:
        """With its request not yet at the provider, or with the answer in its hands."""
        world = self.world

        def others() -> None:
            for _ in range(3):
                world.clock.pass_(stalls * SECOND)
                with suppress(EvergrantError):
                    self._attempted(force=True)
            world.breaks.killed_in = kill if sent else None

        world.provider.before, world.provider.meanwhile = (None, others) if sent else (others, None)
        with suppress(EvergrantError, KilledError):
            self._attempted(force=True)
        world.provider.before = world.provider.meanwhile = world.breaks.killed_in = None

    @precondition(faulty)
    @rule(kill=st.none() | st.integers(0, 12), refusals=st.integers(0, 5))
    def a_reconnect_comes_between(self, *, kill: int | None, refusals: int) -> None:
        world = self.world

        def reconnected() -> None:
            world.connect()
            world.breaks.refusals = refusals

        world.provider.meanwhile = reconnected
        self._forced(kill, 5)

    @precondition(lambda self: self.world.queue and self.faulty())
    @rule(refusals=st.integers(0, 1), kill=st.none() | st.integers(0, 5))
    def a_rescue_comes_twice(self, refusals: int, kill: int | None) -> None:
        world = self.world
        world.breaks.refusals, world.breaks.killed_in = refusals, kill
        with suppress(KilledError, EvergrantError):
            self._rescued(world.queue[0])
        world.breaks.calm()

    @precondition(lambda self: self.world.row.spare is not None)
    @rule()
    def the_provider_forgets_all_but_the_spare(self) -> None:
        _, spare = self.world.stored()
        if self.world.provider.takes(spare) and not self.world.queue:
            self.world.provider.alive = {spare}

    @rule()
    def its_owner_renames_it(self) -> None:
        row = self.world.row
        new = row.changed(at=self.world.clock.now(), name=f"{row.version}")
        self.world.deployment.storage.credentials.change(new, read=row)

    @rule()
    def it_is_reconnected(self) -> None:
        self.world.connect()

    def _forced(self, kill: int | None, seconds: int) -> None:
        world = self.world
        world.breaks.killed_in = kill
        with suppress(KilledError, EvergrantError):
            self._attempted(force=True)
        world.breaks.calm()
        world.provider.meanwhile = None
        world.provider.says = []
        world.clock.pass_(seconds * SECOND)

    def _rescued(self, message: Mapping[str, object]) -> None:
        rescue(message, keeper=self.world.keeper())

    @invariant()
    def a_step_more(self) -> None:
        type(self).steps += 1

    @invariant()
    def the_secret_opens(self) -> None:
        row = self.world.row
        assert self.world.deployment.sealer.open(row.sealed, row.seal_context())

    @invariant()
    def nobodys_spare_crosses_grants(self) -> None:
        row = self.world.row
        assert row.spare is None or self.world.deployment.sealer.open(row.spare, row.spare_context())
        assert self.world.provider.of_grant.issuperset(self.world.stored())

    @invariant()
    def every_change_of_status_is_said_once(self) -> None:
        said = self.world.said

        assert all(before != after for before, after in pairwise(said) if after != "credential.reconnected")
        assert self.world.row.status == STATUS[said[-1]]

    @invariant()
    def nothing_is_said_dead_that_lives(self) -> None:
        if self.world.row.status == "expired":
            assert not any(map(self.world.provider.takes, self.world.stored()))

    @invariant()
    def no_token_is_spent_again_while_its_successor_is_there(self) -> None:
        assert self.world.provider.wasted == [] or not self.strict

    @invariant()
    def no_spend_goes_unpersisted(self) -> None:
        """Whatever the provider gave was written down, unless its answer was lost or its worker died with it."""
        world = self.world
        assert world.provider.of_grant <= world.persisted | world.lost | world.provider.never_told

    @invariant()
    def no_grant_is_lost(self) -> None:
        assert self._alive() or (self.strict and self.world.excused)

    def _alive(self) -> bool:
        return any(map(self.world.provider.takes, self.world.held()))

    def _attempted(self, *, force: bool = False) -> None:
        row = self.world.row
        if row.status != "expired" and (force or self.is_due):
            self.world.renewer().attempt(row, force=force)

    @invariant()
    def what_is_due_comes(self) -> None:
        row = self.world.row
        assert row.status == "expired" or row.due_at is not None
        assert row.lease_until is None or row.due_at is None or row.due_at >= row.lease_until


class StrictRenewals(Renewals):
    """At a provider where the reuse of a refresh token ends the grant."""

    strict = True


THOROUGH = settings(
    max_examples=150,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""7,500 steps at most for each machine, the same each time."""
AT_LEAST = 2_000


@pytest.mark.parametrize("machine", [Renewals, StrictRenewals])
def test_no_grant_is_lost_whatever_breaks_between_any_two_steps(
    machine: type[Renewals], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "steps", 0)

    run_state_machine_as_test(machine, settings=THOROUGH)  # pyright: ignore[reportUnknownVariableType]  # hypothesis

    assert machine.steps >= AT_LEAST
