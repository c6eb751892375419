"""Connect sessions."""

from dataclasses import replace

import pytest
from evergrant.domain.errors import ConnectError
from evergrant.domain.session import Session

from tests.builders import CREDENTIAL, RETURN_URL, a_session, an_id
from tests.fakes.storage import Storage

FULL = a_session(
    apps=("acme", "other"),
    credential_id=CREDENTIAL,
    scopes=("read",),
    return_url=RETURN_URL,
    code_challenge="challenge",
    locale="de",
)
LINKED = a_session(digest="", hosted=True, return_url=RETURN_URL, link_digest="1" * 64)


@pytest.mark.parametrize("session", [a_session(), FULL, LINKED], ids=["plain", "full", "linked"])
def test_a_session_is_read_as_it_was_put(storage: Storage, session: Session) -> None:
    storage.sessions.put(session)

    assert storage.sessions.get(session.session_id) == session


@pytest.mark.parametrize("name", ["", "ses_1", an_id("ses", 9), an_id("usr")])
def test_a_session_that_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.sessions.put(a_session())

    assert storage.sessions.get(name) is None


def test_a_redeemed_link_gives_its_session_a_token_and_is_used_up(storage: Storage) -> None:
    storage.sessions.put(LINKED)

    storage.sessions.redeem(LINKED, "2" * 64)

    assert storage.sessions.get(LINKED.session_id) == replace(LINKED, digest="2" * 64, link_digest=None)


def test_a_link_is_redeemed_once(storage: Storage) -> None:
    storage.sessions.put(LINKED)
    storage.sessions.redeem(LINKED, "2" * 64)

    with pytest.raises(ConnectError) as refused:
        storage.sessions.redeem(LINKED, "3" * 64)

    assert refused.value.code == "link_used"
    found = storage.sessions.get(LINKED.session_id)
    assert found
    assert found.digest == "2" * 64


def test_fault_13_a_redemption_that_lost_its_answer_is_done_already(storage: Storage) -> None:
    storage.sessions.put(LINKED)

    for _ in range(2):
        storage.sessions.redeem(LINKED, "2" * 64)

    assert storage.sessions.get(LINKED.session_id) == replace(LINKED, digest="2" * 64, link_digest=None)


@pytest.mark.parametrize("session", [a_session(), replace(LINKED, session_id=an_id("ses", 9))])
def test_what_has_no_link_is_not_redeemed(storage: Storage, session: Session) -> None:
    storage.sessions.put(a_session())

    with pytest.raises(ConnectError) as refused:
        storage.sessions.redeem(session, "2" * 64)

    assert refused.value.code == "link_used"
    assert storage.sessions.get(a_session().session_id) == a_session()
    assert storage.sessions.get(an_id("ses", 9)) is None
