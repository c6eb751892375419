"""What whoever rotates relies on, of `BranchKeys`; what they wrap is examined in test_cryptography.py."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from evergrant.domain.errors import UnavailableError
from evergrant.ports.sealing import BranchKeys

from tests.contracts.branches import Deployment
from tests.fakes.customer import switch_off
from tests.fakes.sealing import FakeBranchKeys


@dataclass
class Exam:
    """Branch keys, and their absence."""

    keys: BranchKeys
    send_away: Callable[[], object]


@pytest.fixture(params=["fake", "kms"])
def exam(request: pytest.FixtureRequest) -> Exam:
    if request.param == "fake":
        fake = FakeBranchKeys()
        return Exam(fake, lambda: setattr(fake, "away", True))
    deployment: Deployment = request.getfixturevalue("deployment")
    return Exam(deployment.branch_keys(), lambda: switch_off(deployment.kms, deployment.key_arn))


def test_versions_of_a_branch_follow_each_other(exam: Exam) -> None:
    made = [exam.keys.make_next(branch) for branch in ("shared", "ws_1", "shared")]

    assert made == [1, 1, 2]
    assert exam.keys.branches() == ["shared", "ws_1"]


def test_keys_that_are_away_change_nothing(exam: Exam) -> None:
    exam.keys.make_next("shared")
    exam.send_away()

    with pytest.raises(UnavailableError) as away:
        exam.keys.make_next("ws_1")

    assert away.value.code == "key_unavailable"
    assert exam.keys.branches() == ["shared"]
