"""`CredentialStore` while workers renew: one has the lease, and what its owner does meanwhile is kept."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId

from tests.builders import (
    ADA,
    CREDENTIAL,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    OTHER_WORKSPACE,
    SECOND,
    WORKSPACE,
    a_grant,
    a_user,
    an_audit_line,
    an_event,
    an_id,
)
from tests.contracts.credentials import FULL, a_change, due, kept, leased, read, told
from tests.fakes.storage import Storage


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


def test_what_is_noted_is_no_change_and_is_due_as_it_says(storage: Storage) -> None:
    row = kept(storage, a_grant(due_at=NOON))

    noted = replace(row, last_read_day=20_000, failures=2, due_at=NOON + MINUTE)
    done = storage.credentials.note(noted, read=row)

    assert (done, read(storage)) == (True, noted)
    assert (due(storage, NOON), due(storage, NOON + MINUTE)) == ([], [(CREDENTIAL, NOON + MINUTE)])


@pytest.mark.parametrize("how", ["leased", "renamed", "deleted"])
def test_of_what_has_changed_meanwhile_nothing_is_noted(storage: Storage, how: str) -> None:
    row = kept(storage, a_grant(due_at=NOON))
    if how == "leased":
        leased(storage, row)
    elif how == "renamed":
        storage.credentials.change(a_change(row, name="other"), read=row)
    else:
        storage.credentials.delete(row, event=None, audit=an_audit_line())
    before = storage.credentials.find(CREDENTIAL)

    done = storage.credentials.note(replace(row, failures=2), read=row)

    assert (done, storage.credentials.find(CREDENTIAL)) == (False, before)


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
