"""OAuth round trips under way."""

from dataclasses import replace

import pytest
from evergrant.domain.authorization import Authorization
from evergrant.domain.errors import ConflictError, ConnectError

from tests.builders import CREDENTIAL, MINUTE, NOON, SECOND, an_authorization, an_id
from tests.fakes.storage import Storage

FULL = an_authorization(
    way="custom-way",
    scopes=("read",),
    variables={"shop": "ada"},
    code_challenge="challenge",
    credential_id=CREDENTIAL,
    stage="ready",
    sealed_verifier=b"verifier",
    cookie_digest="0" * 64,
    sealed_code=b"code",
    completion_until=NOON + MINUTE,
    session_id=an_id("ses"),
    binder_digest="1" * 64,
    has_form=True,
    sealed_location=b"location",
    sealed_completion=b"completion",
)
FAILED = an_authorization(stage="failed", error="access_denied", return_url=None)


def started(storage: Storage) -> Authorization:
    """One whose state is out."""
    begun = an_authorization()
    storage.authorizations.create(begun)
    row = begun.started(verifier=b"verifier", cookie_digest="0" * 64)
    storage.authorizations.start(row, state_digest="state")
    return row


def ready(storage: Storage) -> Authorization:
    """One whose completion is out."""
    read = started(storage)
    row = read.ready(code=b"code", variables={}, at=NOON)
    storage.authorizations.move(row, read=read, completion_digest="completion")
    return row


@pytest.mark.parametrize("authorization", [an_authorization(), FULL, FAILED], ids=["plain", "full", "failed"])
def test_an_authorization_is_read_as_it_was_created(storage: Storage, authorization: Authorization) -> None:
    storage.authorizations.create(authorization)

    assert storage.authorizations.get(authorization.authorization_id) == authorization


@pytest.mark.parametrize("name", ["", "auth_1", an_id("auth", 9), an_id("usr")])
def test_an_authorization_that_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.authorizations.create(an_authorization())

    assert storage.authorizations.get(name) is None


def test_an_id_is_used_once(storage: Storage) -> None:
    storage.authorizations.create(an_authorization())

    with pytest.raises(ConnectError) as refused:
        storage.authorizations.create(an_authorization(app="second"))

    assert refused.value.code == "link_used"
    assert storage.authorizations.get(an_id("auth")) == an_authorization()


def test_fault_13_a_creation_that_lost_its_answer_is_done_already(storage: Storage) -> None:
    for _ in range(2):
        storage.authorizations.create(an_authorization())

    assert storage.authorizations.get(an_id("auth")) == an_authorization()


def test_a_link_is_started_once(storage: Storage) -> None:
    row = started(storage)

    with pytest.raises(ConnectError) as refused:
        storage.authorizations.start(replace(row, cookie_digest="9" * 64), state_digest="second")

    assert refused.value.code == "link_used"
    assert storage.authorizations.get(row.authorization_id) == row
    with pytest.raises(ConnectError) as unknown:
        storage.authorizations.consume("state", "second")
    assert unknown.value.code == "state_unknown"


def test_what_is_not_there_is_not_started(storage: Storage) -> None:
    with pytest.raises(ConnectError) as refused:
        storage.authorizations.start(an_authorization(stage="started"), state_digest="state")

    assert refused.value.code == "link_used"
    assert storage.authorizations.get(an_id("auth")) is None


def test_attack_02_a_state_opens_the_door_only_once(storage: Storage) -> None:
    row = started(storage)

    found = storage.authorizations.consume("state", "state")

    assert found == row
    with pytest.raises(ConnectError) as refused:
        storage.authorizations.consume("state", "state")
    assert refused.value.code == "state_used"


def test_a_completion_opens_the_door_only_once(storage: Storage) -> None:
    row = ready(storage)

    found = storage.authorizations.consume("completion", "completion")

    assert found == row
    with pytest.raises(ConnectError) as refused:
        storage.authorizations.consume("completion", "completion")
    assert refused.value.code == "completion_used"


def test_attack_01_what_was_never_given_out_is_unknown(storage: Storage) -> None:
    ready(storage)

    for kind, digest in (("state", "completion"), ("completion", "state"), ("state", ""), ("state", "other")):
        with pytest.raises(ConnectError) as refused:
            storage.authorizations.consume(kind, digest)  # type: ignore[arg-type]  # one of the kinds
        assert refused.value.code == f"{kind}_unknown"


def test_what_is_found_by_a_state_is_as_it_stands_now(storage: Storage) -> None:
    row = started(storage)
    failed = row.failed("access_denied")
    storage.authorizations.move(failed, read=row)

    assert storage.authorizations.consume("state", "state") == failed


def test_a_move_from_another_stage_than_was_read_is_refused(storage: Storage) -> None:
    read = started(storage)
    row = read.failed("access_denied")
    storage.authorizations.move(row, read=read)

    with pytest.raises(ConflictError):
        storage.authorizations.move(
            read.ready(code=b"code", variables={}, at=NOON), read=read, completion_digest="completion"
        )

    assert storage.authorizations.get(row.authorization_id) == row
    with pytest.raises(ConnectError):
        storage.authorizations.consume("completion", "completion")


def test_what_was_posted_is_held_until_its_end(storage: Storage) -> None:
    storage.authorizations.hold("digest", b"posted", until=NOON + MINUTE)

    held = [storage.authorizations.held("digest", at=NOON + each) for each in (SECOND, MINUTE - SECOND, MINUTE)]

    assert held == [b"posted", b"posted", None]
    assert storage.authorizations.held("other", at=NOON) is None


def test_a_state_is_awaited_until_something_came_back_with_it(storage: Storage) -> None:
    before = storage.authorizations.awaits("state")
    started(storage)
    out = storage.authorizations.awaits("state")
    storage.authorizations.consume("state", "state")

    assert (before, out, storage.authorizations.awaits("state")) == (False, True, False)
