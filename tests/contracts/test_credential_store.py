"""What the use cases rely on when they read and write credentials; test_credential_renewals.py goes on."""

from datetime import datetime

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConflictError, NotFoundError, TooLargeError
from evergrant.domain.ids import CredentialId
from evergrant.domain.times import from_iso, iso

from tests.builders import (
    ADA,
    BOB,
    CREDENTIAL,
    DAY,
    HOUR,
    KEY,
    NOON,
    OTHER_CREDENTIAL,
    OTHER_WORKSPACE,
    SECOND,
    WORKSPACE,
    a_credential,
    a_grant,
    a_user,
    an_api_key,
    an_app,
    an_audit_line,
    an_event,
    an_id,
)
from tests.contracts.credentials import FULL, a_change, due, kept, leased, read, told
from tests.fakes.storage import Storage

ODD = NOON + DAY * 0.3141592653
"""A due time as jitter makes it, with microseconds."""


@pytest.mark.parametrize("credential", [a_credential(), a_grant(), FULL], ids=["static", "grant", "full"])
def test_what_was_created_is_read_as_it_was(storage: Storage, credential: Credential) -> None:
    kept(storage, credential)

    assert storage.credentials.get(CREDENTIAL) == credential
    assert storage.credentials.find(CREDENTIAL) == credential


@pytest.mark.parametrize("name", [an_id("cred", 9), an_id("usr"), "", "cred_1", "cred_" + "z" * 3000])
def test_what_is_not_there_is_none(storage: Storage, name: str) -> None:
    kept(storage, a_credential())

    assert storage.credentials.get(CredentialId(name)) is None
    assert storage.credentials.find(CredentialId(name)) is None


def test_creating_tells_of_it(storage: Storage) -> None:
    kept(storage, a_credential())

    assert told(storage) == (["credential.created"], ["credential.created"])


def test_an_id_that_is_taken_keeps_what_it_has_and_nothing_is_told(storage: Storage) -> None:
    first = kept(storage, a_credential())

    with pytest.raises(ConflictError):
        storage.credentials.create(
            a_credential(name="second"),
            event=an_event(event_id=an_id("evt", 2)),
            audit=an_audit_line(audit_id=an_id("aud", 2)),
        )

    assert read(storage) == first
    assert told(storage) == (["credential.created"], ["credential.created"])


def test_nothing_is_created_for_a_user_who_is_not_there(storage: Storage) -> None:
    storage.directory.create_user(a_user(user_id=BOB))

    with pytest.raises(NotFoundError):
        storage.credentials.create(a_credential(), event=an_event(), audit=an_audit_line())

    assert storage.credentials.find(CREDENTIAL) is None
    assert told(storage) == ([], [])


def test_fault_16_what_is_too_large_is_refused_whether_new_or_changed(storage: Storage) -> None:
    row = kept(storage, a_credential())
    large = bytes(400_000)

    with pytest.raises(TooLargeError):
        storage.credentials.create(
            a_credential(credential_id=OTHER_CREDENTIAL, sealed=large), event=an_event(), audit=an_audit_line()
        )
    with pytest.raises(TooLargeError):
        storage.credentials.change(a_change(row, sealed=large), read=row)

    assert read(storage) == row
    assert storage.credentials.find(OTHER_CREDENTIAL) is None


def test_one_that_is_being_deleted_is_found_and_not_got(storage: Storage) -> None:
    row = kept(storage, a_credential())

    storage.credentials.change(a_change(row, deleting=True), read=row)

    assert storage.credentials.get(CREDENTIAL) is None
    assert storage.credentials.get_with_key(CREDENTIAL, KEY, WORKSPACE).credential is None
    assert storage.credentials.of_user(WORKSPACE, ADA, app=None, limit=10, after=None).items == []
    assert read(storage).deleting


def test_a_read_with_its_key_brings_credential_key_and_the_count_of_changed_apps(storage: Storage) -> None:
    row, key = kept(storage, a_credential()), an_api_key()
    storage.directory.put_api_key(key)
    for _ in range(2):
        storage.own_apps.put(WORKSPACE, an_app())
    storage.own_apps.put(OTHER_WORKSPACE, an_app())

    found = storage.credentials.get_with_key(CREDENTIAL, KEY, WORKSPACE)

    assert (found.credential, found.key, found.apps_version) == (row, key, 2)


@pytest.mark.parametrize("name", [an_id("cred", 9), "cred_1"])
def test_a_read_with_its_key_of_nothing_is_nothing(storage: Storage, name: str) -> None:
    found = storage.credentials.get_with_key(CredentialId(name), KEY, WORKSPACE)

    assert (found.credential, found.key, found.apps_version) == (None, None, 0)


def test_a_change_is_written_with_what_tells_of_it(storage: Storage) -> None:
    row = kept(storage, a_credential())
    new = a_change(row, name="renamed", token_expires_at=NOON)

    storage.credentials.change(
        new,
        read=row,
        event=an_event(event_id=an_id("evt", 2), type="credential.updated"),
        audit=an_audit_line(audit_id=an_id("aud", 2), action="credential.updated"),
    )

    assert read(storage) == new
    assert told(storage) == (["credential.created", "credential.updated"],) * 2


@pytest.mark.parametrize("meanwhile", ["renamed", "leased", "deleted"])
def test_a_change_of_what_was_changed_meanwhile_is_refused_and_not_told(storage: Storage, meanwhile: str) -> None:
    row = kept(storage, a_credential())
    if meanwhile == "renamed":
        storage.credentials.change(a_change(row, name="first"), read=row)
    elif meanwhile == "leased":
        leased(storage, row)
    else:
        storage.credentials.delete(row, event=None, audit=an_audit_line())
    before = storage.credentials.find(CREDENTIAL)

    with pytest.raises(ConflictError) as refused:
        storage.credentials.change(a_change(row, name="second"), read=row, event=an_event(event_id=an_id("evt", 2)))

    assert refused.value.code == "changed_meanwhile"
    assert storage.credentials.find(CREDENTIAL) == before
    assert told(storage)[0] == ["credential.created"]


def test_what_was_deleted_is_gone_from_every_list(storage: Storage) -> None:
    row = kept(storage, a_credential(due_at=NOON + HOUR))

    storage.credentials.delete(
        row,
        event=an_event(event_id=an_id("evt", 2), type="credential.deleted"),
        audit=an_audit_line(audit_id=an_id("aud", 2), action="credential.deleted"),
    )

    assert storage.credentials.find(CREDENTIAL) is None
    assert storage.credentials.of_user(WORKSPACE, ADA, app=None, limit=10, after=None).items == []
    assert due(storage, NOON + HOUR) == []
    assert told(storage) == (["credential.created", "credential.deleted"],) * 2


def test_what_was_deleted_takes_no_place_on_a_page(storage: Storage) -> None:
    row = kept(storage, a_credential())
    other = kept(storage, a_credential(credential_id=OTHER_CREDENTIAL))

    storage.credentials.delete(row, event=None, audit=an_audit_line())

    page = storage.credentials.of_user(WORKSPACE, ADA, app=None, limit=1, after=None)
    assert (page.items, page.next) == ([other], None)


def test_a_delete_of_what_was_changed_meanwhile_or_is_gone_is_refused(storage: Storage) -> None:
    row = kept(storage, a_credential())
    new = a_change(row, name="renamed")
    storage.credentials.change(new, read=row)

    for read_before in (row, new):
        if read_before is new:
            storage.credentials.delete(new, event=None, audit=an_audit_line())
        with pytest.raises(ConflictError) as refused:
            storage.credentials.delete(read_before, event=an_event(event_id=an_id("evt", 2)), audit=an_audit_line())
        assert refused.value.code == "changed_meanwhile"

    assert told(storage)[0] == ["credential.created"]


def test_the_list_of_a_user_is_in_the_order_of_ids_page_by_page(storage: Storage) -> None:
    ids = [CredentialId(an_id("cred", number)) for number in (3, 1, 2, 5, 4)]
    for each in ids:
        kept(storage, a_credential(credential_id=each))
    kept(storage, a_credential(credential_id=an_id("cred", 6), user_id=BOB))
    kept(storage, a_credential(credential_id=an_id("cred", 7), workspace_id=OTHER_WORKSPACE))
    listed: list[list[str]] = []
    after: str | None = None

    while not listed or after:
        page = storage.credentials.of_user(WORKSPACE, ADA, app=None, limit=2, after=after)
        listed.append([each.credential_id for each in page.items])
        after = page.next

    assert listed == [sorted(ids)[:2], sorted(ids)[2:4], sorted(ids)[4:]]


def test_the_list_of_a_user_can_be_of_one_app(storage: Storage) -> None:
    kept(storage, a_credential())
    kept(storage, a_credential(credential_id=OTHER_CREDENTIAL, app="other"))

    page = storage.credentials.of_user(WORKSPACE, ADA, app="other", limit=1, after=None)

    assert [each.credential_id for each in page.items] == [OTHER_CREDENTIAL]
    assert page.next is None


@pytest.mark.parametrize("at", [NOON + HOUR, ODD, ODD + SECOND * 0.0004])
def test_what_is_due_is_found_at_the_very_time_that_its_row_says(storage: Storage, at: datetime) -> None:
    row = kept(storage, a_credential(due_at=at))

    found = due(storage, at + SECOND * 0.001)

    assert found == [(CREDENTIAL, row.due_at)]
    assert row.due_at
    assert from_iso(iso(row.due_at)) == row.due_at


def test_what_is_not_due_yet_or_no_more_is_not_found(storage: Storage) -> None:
    row = kept(storage, a_credential(due_at=NOON + 30 * SECOND))
    early = due(storage, NOON + 29 * SECOND)

    storage.credentials.change(a_change(row, due_at=None), read=row)

    assert early == []
    assert due(storage, NOON + 59 * SECOND) == []
