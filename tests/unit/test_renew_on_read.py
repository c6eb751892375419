"""Readers of what is due: who renews, who waits, and who takes it as it is."""

from typing import Any

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.errors import NotFoundError
from evergrant.domain.renewal import LEASE
from evergrant.use_cases.renewals.renew import renew_on_read

from tests.builders import (
    MINUTE,
    NOON,
    SECOND,
    an_audit_line,
)
from tests.fakes.deployment import FakeDeployment
from tests.unit.renewing import NEW, another_lease, due


@pytest.fixture
def deployment() -> FakeDeployment:
    """At the time when the grant below is due."""
    made = FakeDeployment()
    made.clock.at = NOON + 50 * MINUTE
    return made


def read_fresh(
    deployment: FakeDeployment, row: Credential, *, force: bool = False, meanwhile: Any = None
) -> Credential:
    """As a reader asks for it; `meanwhile` happens while it waits, each wait a second."""

    def pause(_: float) -> None:
        deployment.clock.pass_(SECOND)
        if meanwhile:
            meanwhile()

    return renew_on_read(row, force=force, renewer=deployment.renewer, pause=pause)


def test_a_reader_renews_what_nobody_renews(deployment: FakeDeployment) -> None:
    deployment.upstream.outcome = NEW

    after = read_fresh(deployment, due(deployment))

    assert after.generation == 2


def test_a_reader_takes_what_still_works_while_another_renews(deployment: FakeDeployment) -> None:
    due(deployment)
    held = another_lease(deployment)

    after = read_fresh(deployment, held)

    assert after == held
    assert deployment.upstream.asked == []


@pytest.mark.parametrize(("minutes", "force"), [(61, False), (50, True)])
def test_a_reader_waits_for_what_another_brings(deployment: FakeDeployment, minutes: int, force: bool) -> None:  # noqa: FBT001  # a case
    deployment.clock.at = NOON + minutes * MINUTE
    due(deployment)
    held = another_lease(deployment)

    def bring() -> None:
        new = held.changed(at=NOON, generation=2, sealed=b"theirs", lease_until=None)
        deployment.storage.credentials.finish_renewal(new, held=held, event=None, audit=None)

    after = read_fresh(deployment, held, force=force, meanwhile=bring)

    assert (after.generation, after.sealed) == (2, b"theirs")
    assert deployment.upstream.asked == []


def test_fault_34_a_reader_takes_over_from_a_worker_that_died(deployment: FakeDeployment) -> None:
    deployment.upstream.outcome = NEW
    deployment.clock.at = NOON + 61 * MINUTE
    due(deployment)

    after = read_fresh(deployment, another_lease(deployment))

    assert after.generation == 2
    assert deployment.clock.at >= NOON + 61 * MINUTE + LEASE


def test_a_reader_hears_that_it_was_deleted_meanwhile(deployment: FakeDeployment) -> None:
    deployment.clock.at = NOON + 61 * MINUTE
    due(deployment)
    held = another_lease(deployment)

    with pytest.raises(NotFoundError):
        read_fresh(
            deployment,
            held,
            meanwhile=lambda: deployment.storage.credentials.delete(held, event=None, audit=an_audit_line()),
        )
