"""First answers, kept for a day."""

from datetime import datetime

import pytest
from evergrant.domain.errors import ConflictError
from evergrant.ports.idempotency import Claim, FirstAnswer

from tests.builders import DAY, HOUR, MINUTE, NOON, SECOND
from tests.fakes.storage import Storage


def begin(
    storage: Storage, writer: str = "first", *, fingerprint: str = "body", at: datetime = NOON
) -> Claim | FirstAnswer:
    return storage.idempotency.begin("key", writer=writer, fingerprint=fingerprint, at=at)


def claimed(storage: Storage, writer: str = "first", *, at: datetime = NOON) -> Claim:
    found = begin(storage, writer, at=at)
    assert isinstance(found, Claim)
    return found


def finish(storage: Storage, claim: Claim) -> None:
    storage.idempotency.finish(claim, status=201, sealed=b"answer", secret_until=NOON + MINUTE)


def test_the_first_use_is_a_claim(storage: Storage) -> None:
    assert begin(storage) == Claim("key", "first", NOON)


def test_attack_47_a_second_use_meanwhile_hears_that_the_first_still_runs(storage: Storage) -> None:
    begin(storage)

    assert begin(storage, "second", at=NOON + SECOND) == FirstAnswer("body", None, None, None)


@pytest.mark.parametrize("secret_until", [None, NOON + MINUTE])
def test_an_answer_is_kept_for_a_day(storage: Storage, secret_until: datetime | None) -> None:
    storage.idempotency.finish(claimed(storage), status=201, sealed=b"answer", secret_until=secret_until)

    for fingerprint in ("body", "other body"):
        second = begin(storage, "second", fingerprint=fingerprint, at=NOON + DAY)
        assert second == FirstAnswer("body", 201, b"answer", secret_until)


def test_after_a_day_the_key_is_free(storage: Storage) -> None:
    finish(storage, claimed(storage))

    assert begin(storage, "second", fingerprint="other", at=NOON + DAY + SECOND) == Claim(
        "key", "second", NOON + DAY + SECOND
    )


def test_keys_are_apart(storage: Storage) -> None:
    finish(storage, claimed(storage))

    found = storage.idempotency.begin("other", writer="second", fingerprint="body", at=NOON)

    assert found == Claim("other", "second", NOON)


def test_fault_13_a_writer_finds_its_own_claim_again(storage: Storage) -> None:
    first = begin(storage)

    assert begin(storage) == first


def test_fault_18_a_claim_of_a_dead_worker_is_taken_over_with_its_first_use(storage: Storage) -> None:
    begin(storage)

    early = begin(storage, "second", at=NOON + 29 * SECOND)
    late = begin(storage, "third", at=NOON + MINUTE)

    assert early == FirstAnswer("body", None, None, None)
    assert late == Claim("key", "third", NOON)


def test_another_body_takes_no_claim_over(storage: Storage) -> None:
    begin(storage)

    assert begin(storage, "second", fingerprint="other", at=NOON + HOUR) == FirstAnswer("body", None, None, None)


def test_what_was_taken_over_is_not_finished_released_or_forgotten_by_the_first(storage: Storage) -> None:
    first = claimed(storage)
    second = claimed(storage, "second", at=NOON + MINUTE)

    for act in (lambda: finish(storage, first), lambda: storage.idempotency.release(first)):
        with pytest.raises(ConflictError):
            act()
    with pytest.raises(ConflictError):
        storage.idempotency.forget(first)

    finish(storage, second)
    assert begin(storage, "third", at=NOON + HOUR) == FirstAnswer("body", 201, b"answer", NOON + MINUTE)


def test_what_was_released_is_anothers_at_once_and_the_same(storage: Storage) -> None:
    storage.idempotency.release(claimed(storage))

    other_body = begin(storage, "second", fingerprint="other", at=NOON + SECOND)
    same_body = begin(storage, "second", at=NOON + SECOND)

    assert other_body == FirstAnswer("body", None, None, None)
    assert same_body == Claim("key", "second", NOON)


def test_what_was_forgotten_is_free_for_another_body(storage: Storage) -> None:
    storage.idempotency.forget(claimed(storage))

    assert begin(storage, "second", fingerprint="other", at=NOON + SECOND) == Claim("key", "second", NOON + SECOND)


def test_what_was_forgotten_is_not_finished(storage: Storage) -> None:
    claim = claimed(storage)
    storage.idempotency.forget(claim)

    with pytest.raises(ConflictError):
        finish(storage, claim)

    assert begin(storage, "second") == Claim("key", "second", NOON)
