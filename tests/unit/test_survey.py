"""The operator's survey: counts by app, in as many parts as there is time for."""

from typing import Any

import pytest
from evergrant.domain.credential import Failure
from evergrant.use_cases.renewals.survey import Survey, survey

from tests.builders import MINUTE, NOON, a_credential, an_id
from tests.fakes.deployment import FakeDeployment

FAILED = Failure(NOON, "provider_error", "Down.", transient=True)
ROWS: list[dict[str, Any]] = [
    {"app": "acme"},
    {"app": "acme", "due_at": NOON},
    {"app": "acme", "due_at": NOON + MINUTE, "lease_until": NOON + MINUTE},
    {"app": "acme", "status": "degraded", "last_failure": FAILED, "lease_until": NOON},
    {"app": "other", "status": "expired"},
]


@pytest.fixture
def deployment() -> FakeDeployment:
    made = FakeDeployment()
    for number, row in enumerate(ROWS):
        made.kept(a_credential(credential_id=an_id("cred", number), **row))
    return made


def surveyed(deployment: FakeDeployment, after: str | None = None, *, parts: int = 100) -> Survey:
    left = iter(range(parts))
    has_time = lambda: next(left, None) is not None  # noqa: E731  # the use case's callable
    return survey(after, rows=deployment.storage.states, clock=deployment.clock, has_time=has_time)


def test_it_counts_by_app_what_is_due_renewed_and_failing(deployment: FakeDeployment) -> None:
    apps = surveyed(deployment).apps

    assert +apps["acme"] == {
        "all": 4,
        "active": 3,
        "degraded": 1,
        "due": 1,
        "renewing": 1,
        "failure:provider_error": 1,
    }
    assert +apps["other"] == {"all": 1, "expired": 1}


def test_a_part_says_where_the_next_begins(deployment: FakeDeployment) -> None:
    first = surveyed(deployment, parts=0)
    rest = surveyed(deployment, first.after)

    assert sum(counts["all"] for counts in first.apps.values()) == 2
    assert sum(counts["all"] for counts in rest.apps.values()) == 3
    assert rest.after is None
