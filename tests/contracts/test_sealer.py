"""What whoever seals relies on, of `Sealer` and `PreparedSeal`; for the cryptography see test_cryptography.py."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from evergrant.adapters.aws import client
from evergrant.adapters.dynamodb.keys import KeysTable
from evergrant.adapters.kms.branch_keys import SHARED, KmsBranchKeys
from evergrant.adapters.kms.branches import WorkspaceBranches
from evergrant.adapters.kms.sealer import BranchKeySealer
from evergrant.domain.errors import SealBrokenError, UnavailableError
from evergrant.domain.sealing import SealContext
from evergrant.ports.sealing import Sealer
from evergrant.runtime.watched_sealer import WatchedSealer
from pydantic import SecretBytes

from tests.builders import a_credential
from tests.fakes.sealing import FakeSealer
from tests.fakes.system import FakeClock
from tests.tables import empty_tables

CONTEXT, WORKSPACE = a_credential().seal_context(), a_credential().workspace_id
SECRET = SecretBytes(b"s3cret")


@dataclass
class Exam:
    """A sealer, its keys' rotation, and their absence."""

    sealer: Sealer
    rotate: Callable[[], object]
    send_keys_away: Callable[[], object]


def in_memory() -> Exam:
    fake = FakeSealer()

    def rotate() -> None:
        fake.version += 1

    def send_keys_away() -> None:
        fake.away = True

    return Exam(fake, rotate, send_keys_away)


def over_kms(dynamodb: Any, *, watched: bool) -> Exam:
    kms, clock = client("kms"), FakeClock()
    key_arn = kms.create_key()["KeyMetadata"]["Arn"]
    keys = KmsBranchKeys(kms, KeysTable(dynamodb, table="keys"), key_arn=key_arn, deployment="test", clock=clock)

    def refuse(**_: object) -> None:
        raise kms.exceptions.DisabledException({"Error": {"Code": "DisabledException"}}, "Decrypt")

    def send_keys_away() -> None:
        kms.meta.events.register("before-send.kms", refuse)
        clock.at = clock.at.replace(year=clock.at.year + 1)

    sealer = BranchKeySealer(WorkspaceBranches(keys))
    return Exam(WatchedSealer(sealer) if watched else sealer, lambda: keys.make_next(SHARED), send_keys_away)


@pytest.fixture(params=["fake", "kms", "watched"])
def exam(request: pytest.FixtureRequest) -> Exam:
    if request.param == "fake":
        return in_memory()
    dynamodb = request.getfixturevalue("dynamodb")
    empty_tables(dynamodb)
    return over_kms(dynamodb, watched=request.param == "watched")


@pytest.mark.parametrize("plaintext", [b"s3cret", b"", b"\xff" * 1000])
def test_what_was_sealed_opens(exam: Exam, plaintext: bytes) -> None:
    sealed = exam.sealer.seal(SecretBytes(plaintext), CONTEXT)

    assert exam.sealer.open(sealed, CONTEXT).get_secret_value() == plaintext


def test_what_is_sealed_shows_nothing_and_differs_each_time(exam: Exam) -> None:
    first, second = exam.sealer.seal(SECRET, CONTEXT), exam.sealer.seal(SECRET, CONTEXT)

    assert first != second
    assert b"s3cret" not in first + second


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTEXT, workspace_id="ws_2"),
        replace(CONTEXT, user_id="usr_2"),
        replace(CONTEXT, credential_id="cred_2"),
        replace(CONTEXT, app="other"),
        replace(CONTEXT, generation=2),
        replace(CONTEXT, field="other"),
    ],
)
def test_attack_26_another_context_does_not_open_it(exam: Exam, other: SealContext) -> None:
    sealed = exam.sealer.seal(SECRET, CONTEXT)

    with pytest.raises(SealBrokenError):
        exam.sealer.open(sealed, other)


@pytest.mark.parametrize("broken", [b"", b"sealed", bytes(200)])
def test_attack_30_what_was_not_sealed_here_opens_and_moves_nowhere(exam: Exam, broken: bytes) -> None:
    exam.sealer.seal(SECRET, CONTEXT)

    with pytest.raises(SealBrokenError):
        exam.sealer.open(broken, CONTEXT)
    with pytest.raises(SealBrokenError):
        exam.sealer.rewrap(broken, WORKSPACE)


def test_what_is_under_the_current_key_need_not_move(exam: Exam) -> None:
    sealed = exam.sealer.seal(SECRET, CONTEXT)

    assert exam.sealer.rewrap(sealed, WORKSPACE) is None


def test_attack_31_after_a_rotation_old_and_moved_open_alike(exam: Exam) -> None:
    old = exam.sealer.seal(SECRET, CONTEXT)
    exam.rotate()

    moved = exam.sealer.rewrap(old, WORKSPACE)

    assert moved
    assert exam.sealer.rewrap(moved, WORKSPACE) is None
    assert exam.sealer.open(old, CONTEXT) == exam.sealer.open(moved, CONTEXT) == SECRET


def test_fault_38_what_was_prepared_seals_while_the_keys_are_away(exam: Exam) -> None:
    old = exam.sealer.seal(SECRET, CONTEXT)
    prepared = exam.sealer.prepare(WORKSPACE)
    exam.send_keys_away()

    sealed = prepared.seal(SECRET, CONTEXT)

    assert sealed
    for act in (
        lambda: exam.sealer.prepare(WORKSPACE),
        lambda: exam.sealer.seal(SECRET, CONTEXT),
        lambda: exam.sealer.open(old, CONTEXT),
        lambda: exam.sealer.rewrap(old, WORKSPACE),
    ):
        with pytest.raises(UnavailableError) as away:
            act()
        assert away.value.code == "key_unavailable"
