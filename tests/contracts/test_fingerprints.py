"""Keyed hashes, which outlive a rotation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from evergrant.adapters.aws import client
from evergrant.adapters.dynamodb.keys import KeysTable
from evergrant.adapters.kms.branch_keys import EDGE, KmsBranchKeys
from evergrant.adapters.kms.sealer import BranchFingerprints
from evergrant.domain.errors import UnavailableError
from evergrant.ports.sealing import Fingerprints

from tests.fakes.sealing import FakeFingerprints
from tests.fakes.system import FakeClock
from tests.tables import empty_tables


@dataclass
class Exam:
    """Fingerprints, and what may become of their key."""

    fingerprints: Fingerprints
    rotate: Callable[[], object] = lambda: None
    send_keys_away: Callable[[], object] = lambda: None


def in_memory() -> Exam:
    fake = FakeFingerprints()

    def send_keys_away() -> None:
        fake.away = True

    return Exam(fake, send_keys_away=send_keys_away)


def over_kms(dynamodb: Any) -> Exam:
    kms, clock = client("kms"), FakeClock()
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    table = KeysTable(dynamodb, table="keys")
    keys = KmsBranchKeys(kms, table, key_arn=arn, deployment="test", clock=clock)

    def refuse(**_: object) -> None:
        raise kms.exceptions.DisabledException({"Error": {"Code": "DisabledException"}}, "Decrypt")

    def send_keys_away() -> None:
        kms.meta.events.register("before-send.kms", refuse)
        clock.at = clock.at.replace(year=clock.at.year + 1)

    return Exam(BranchFingerprints(keys, EDGE), lambda: keys.make_next(EDGE), send_keys_away)


@pytest.fixture(params=["fake", "kms"])
def exam(request: pytest.FixtureRequest) -> Exam:
    if request.param == "fake":
        return in_memory()
    dynamodb = request.getfixturevalue("dynamodb")
    empty_tables(dynamodb)
    return over_kms(dynamodb)


def test_the_same_has_the_same_fingerprint_after_a_rotation_too(exam: Exam) -> None:
    before = exam.fingerprints.fingerprint("context", b"content")

    exam.rotate()

    assert exam.fingerprints.fingerprint("context", b"content") == before
    assert len(bytes.fromhex(before)) == 32


def test_attack_48_another_context_or_content_has_another_wherever_they_meet(exam: Exam) -> None:
    asked = [("ab", b"c"), ("a", b"bc"), ("abc", b""), ("", b"abc"), ("ab", b"d"), ("ac", b"c")]

    found = {exam.fingerprints.fingerprint(context, content) for context, content in asked}

    assert len(found) == len(asked)


def test_without_its_key_there_is_none(exam: Exam) -> None:
    exam.fingerprints.fingerprint("context", b"content")
    exam.send_keys_away()

    with pytest.raises(UnavailableError):
        exam.fingerprints.fingerprint("context", b"content")
