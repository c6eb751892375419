"""What the use cases rely on when they read and write credentials."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from evergrant.domain.credential import Credential, Failure
from evergrant.domain.due import partitions, slot
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
    MINUTE,
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
from tests.fakes.storage import Storage

ODD = NOON + DAY * 0.3141592653
"""A due time as jitter makes it, with microseconds."""


def kept(storage: Storage, credential: Credential) -> Credential:
    """With its user, its event and its audit line, as it is read again."""
    if storage.directory.user(credential.workspace_id, credential.user_id) is None:
        name = credential.user_id
        storage.directory.create_user(
            a_user(workspace_id=credential.workspace_id, user_id=credential.user_id, username=name)
        )
    storage.credentials.create(credential, event=an_event(), audit=an_audit_line())
    return read(storage, credential.credential_id)


def read(storage: Storage, credential_id: CredentialId = CREDENTIAL) -> Credential:
    found = storage.credentials.find(credential_id)
    assert found
    return found


def told(storage: Storage) -> tuple[list[str], list[str]]:
    """The types of events, and the actions in the audit trail."""
    events = storage.webhooks.events(WORKSPACE, since=None, limit=100, after=None).items
    lines = storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=100, after=None).items
    return sorted(each.type for each in events), sorted(each.action for each in lines)


def leased(storage: Storage, row: Credential) -> Credential:
    held = storage.credentials.begin_renewal(row, lease_until=NOON + 12 * SECOND, due_at=NOON + MINUTE)
    assert held
    return held


def a_change(read: Credential, **fields: Any) -> Credential:
    return read.changed(at=NOON + MINUTE, **fields)


FULL = a_grant(
    way="custom-way",
    tags=("a", "b"),
    expires_at=NOON + DAY,
    scopes=("read", "write"),
    missing_scopes=("admin",),
    account_id="acct-1",
    variables={"shop": "ada.example"},
    last_verified_at=NOON,
    last_renewed_at=NOON,
    last_failure=Failure(NOON, "provider_error", "Later.", transient=True),
    failures=3,
    due_at=NOON + HOUR,
    status="degraded",
    deletion_told=True,
)


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


def due(storage: Storage, until: datetime) -> list[tuple[str, datetime]]:
    """In all partitions of that minute."""
    minute = int(slot(CREDENTIAL, at=until).partition.partition("#")[0])
    return [each for partition in partitions(minute) for each in storage.credentials.due(partition, until=until)]


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


def test_one_worker_alone_gets_the_lease(storage: Storage) -> None:
    row = kept(storage, a_grant(due_at=NOON))

    held = leased(storage, row)
    second = storage.credentials.begin_renewal(row, lease_until=NOON + DAY, due_at=NOON + DAY)

    assert second is None
    assert (held.lease_until, held.due_at, held.fence) == (NOON + 12 * SECOND, NOON + MINUTE, row.fence + 1)
    assert read(storage) == held


def test_a_lease_moves_the_due_time_to_its_own_end(storage: Storage) -> None:
    row = kept(storage, a_grant(due_at=NOON))

    leased(storage, row)

    assert due(storage, NOON) == []
    assert due(storage, NOON + MINUTE) == [(CREDENTIAL, NOON + MINUTE)]


@pytest.mark.parametrize("at", [None, NOON + HOUR])
def test_an_outcome_says_when_it_is_due_next(storage: Storage, at: datetime | None) -> None:
    held = leased(storage, kept(storage, a_grant(due_at=NOON)))

    storage.credentials.finish_renewal(a_change(held, due_at=at), held=held, event=None, audit=None)

    assert due(storage, NOON + MINUTE) == []
    assert due(storage, NOON + HOUR) == ([(CREDENTIAL, at)] if at else [])


@pytest.mark.parametrize("how", ["reconnected", "deleting", "deleted"])
def test_what_its_owner_has_replaced_or_is_deleting_is_not_leased(storage: Storage, how: str) -> None:
    row = kept(storage, a_grant())
    if how == "deleted":
        storage.credentials.delete(row, event=None, audit=an_audit_line())
    else:
        changes: dict[str, Any] = {"generation": 2} if how == "reconnected" else {"deleting": True}
        storage.credentials.change(a_change(row, **changes), read=row)

    held = storage.credentials.begin_renewal(row, lease_until=NOON + MINUTE, due_at=NOON + MINUTE)

    assert held is None


def test_a_rename_hinders_no_renewal_and_is_kept_by_it(storage: Storage) -> None:
    row = kept(storage, a_grant())
    storage.credentials.change(a_change(row, name="before the lease", tags=("a",)), read=row)
    held = leased(storage, row)
    between = read(storage)
    storage.credentials.change(a_change(between, name="during the lease"), read=between)

    done = storage.credentials.finish_renewal(
        a_change(held, generation=2, sealed=b"new", lease_until=None), held=held, event=None, audit=None
    )

    now = read(storage)
    assert done
    assert (now.name, now.tags, now.sealed, now.generation) == ("during the lease", ("a",), b"new", 2)
    assert now.version > between.version + 1


def test_an_outcome_is_written_whole_and_told(storage: Storage) -> None:
    held = leased(storage, kept(storage, replace(FULL, due_at=NOON)))
    new = a_change(
        held,
        status="active",
        generation=2,
        sealed=b"new",
        token_expires_at=None,
        expires_at=None,
        token_issued_at=NOON + MINUTE,
        scopes=("read",),
        missing_scopes=(),
        variables={"a": "b"},
        last_failure=None,
        failures=0,
        due_at=None,
        lease_until=None,
        last_renewed_at=NOON + MINUTE,
    )

    done = storage.credentials.finish_renewal(
        new,
        held=held,
        event=an_event(event_id=an_id("evt", 2), type="credential.recovered"),
        audit=an_audit_line(audit_id=an_id("aud", 2), action="credential.recovered"),
    )

    assert done
    assert read(storage) == new
    assert told(storage) == (["credential.created", "credential.recovered"],) * 2


@pytest.mark.parametrize("meanwhile", ["leased", "reconnected", "deleting", "deleted"])
def test_an_outcome_for_what_moved_on_is_refused_and_not_told(storage: Storage, meanwhile: str) -> None:
    held = leased(storage, kept(storage, a_grant()))
    if meanwhile == "leased":
        leased(storage, held)
    elif meanwhile == "deleted":
        storage.credentials.delete(held, event=None, audit=an_audit_line())
    else:
        changes: dict[str, Any] = {"generation": 2} if meanwhile == "reconnected" else {"deleting": True}
        storage.credentials.change(a_change(held, **changes), read=held)
    before = storage.credentials.find(CREDENTIAL)

    done = storage.credentials.finish_renewal(
        a_change(held, status="expired"), held=held, event=an_event(event_id=an_id("evt", 2)), audit=None
    )

    assert not done
    assert storage.credentials.find(CREDENTIAL) == before
    assert told(storage)[0] == ["credential.created"]


@pytest.mark.parametrize(("later", "said"), [(29 * DAY, 1), (31 * DAY, 2)])
def test_what_many_would_say_is_said_by_the_first_for_thirty_days(storage: Storage, later: Any, said: int) -> None:
    for number in (1, 2):
        row = kept_quietly(storage, CredentialId(an_id("cred", number)))
        held = leased(storage, row)
        at = NOON + (number - 1) * later
        done = storage.credentials.finish_renewal(
            a_change(held, failures=1),
            held=held,
            event=an_event(event_id=an_id("evt", number), type="app.misconfigured", at=at),
            audit=an_audit_line(audit_id=an_id("aud", number), action="app.misconfigured", at=at),
            once="app.misconfigured#acme",
        )
        assert done
        assert read(storage, row.credential_id).failures == 1

    types, actions = told(storage)
    assert types.count("app.misconfigured") == actions.count("app.misconfigured") == said


def kept_quietly(storage: Storage, credential_id: CredentialId) -> Credential:
    """What tells of its creation has ids of its own."""
    if storage.directory.user(WORKSPACE, ADA) is None:
        storage.directory.create_user(a_user())
    number = 100 + len(told(storage)[0])
    storage.credentials.create(
        a_grant(credential_id=credential_id),
        event=an_event(event_id=an_id("evt", number)),
        audit=an_audit_line(audit_id=an_id("aud", number)),
    )
    return read(storage, credential_id)


def test_what_is_said_once_is_said_in_each_workspace(storage: Storage) -> None:
    for number, workspace_id in enumerate((WORKSPACE, OTHER_WORKSPACE), start=1):
        row = kept(storage, a_grant(workspace_id=workspace_id, credential_id=an_id("cred", number)))
        storage.credentials.finish_renewal(
            a_change(row, failures=1),
            held=row,
            event=an_event(event_id=an_id("evt", 5), workspace_id=workspace_id, type="app.misconfigured"),
            audit=None,
            once="app.misconfigured#acme",
        )

    found = storage.webhooks.events(OTHER_WORKSPACE, since=None, limit=10, after=None).items
    assert [each.type for each in found] == ["app.misconfigured"]
