"""Everything that is sealed for long, found page by page and replaced."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from evergrant.adapters.dynamodb import sealed_rows
from evergrant.adapters.dynamodb.sealed_rows import DynamoDBSealedRows
from evergrant.domain.webhooks import OldSecret
from evergrant.ports.sealing import SealedRow, SealedRows

from tests.builders import (
    DAY,
    NOON,
    WORKSPACE,
    a_client,
    a_credential,
    a_user,
    an_audit_line,
    an_endpoint,
    an_event,
    an_id,
)
from tests.contracts.adapters import dynamodb_storage
from tests.fakes.sealing import FakeSealedRows
from tests.tables import empty_tables

CREDENTIALS = {b"credential %d" % number for number in range(5)}
SECRETS = {b"signs now", b"signed before", b"signed long before"}


@dataclass
class Exam:
    """Rows, what stands sealed in them, and how their owner changes one."""

    rows: SealedRows
    sealed: set[bytes]
    change: Callable[[SealedRow], object]


def in_memory() -> Exam:
    sealed = sorted(CREDENTIALS | SECRETS)
    made = [SealedRow("table", "pk", str(number), "sealed", each, WORKSPACE) for number, each in enumerate(sealed)]
    rows = FakeSealedRows(*made)
    return Exam(rows, set(sealed), lambda row: rows.replace(row, b"its owner's"))


def in_tables(client: object) -> Exam:
    storage = dynamodb_storage(client)
    storage.directory.create_user(a_user())
    for number, sealed in enumerate(sorted(CREDENTIALS)):
        new = a_credential(credential_id=an_id("cred", number), sealed=sealed)
        storage.credentials.create(new, event=an_event(), audit=an_audit_line())
    storage.clients.put(a_client())
    now, before, long_before = sorted(SECRETS, reverse=True)
    old = (OldSecret(before, 1, NOON + 7 * DAY), OldSecret(long_before, 2, NOON + DAY))
    storage.webhooks.put_endpoint(an_endpoint(sealed_secret=now, old_secrets=old))
    # A bus has none.
    storage.webhooks.put_endpoint(an_endpoint(endpoint_id=an_id("ep", 2), type="event_bus", sealed_secret=b""))
    rows = DynamoDBSealedRows(client, credentials="credentials", directory="directory", events="events")  # type: ignore[arg-type]  # moto's

    def change(row: SealedRow) -> None:
        assert rows.replace(row, b"its owner's")

    # The fake sealer's handle of the client's secret.
    return Exam(rows, {*CREDENTIALS, *SECRETS, b"sealed under 1, \0\0\0\0"}, change)


@pytest.fixture(params=["fake", "dynamodb"])
def exam(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Exam:
    monkeypatch.setattr(sealed_rows, "PAGE", 2)
    if request.param == "fake":
        return in_memory()
    client = request.getfixturevalue("dynamodb")
    empty_tables(client)
    return in_tables(client)


def every(rows: SealedRows) -> list[SealedRow]:
    found: list[SealedRow] = []
    after, pages = None, 0
    while pages == 0 or after:
        page = rows.page(after)
        found += page.items
        after, pages = page.next, pages + 1
    assert pages > 1
    return found


def test_attack_31_every_sealed_value_is_found_once(exam: Exam) -> None:
    found = [each.sealed for each in every(exam.rows)]

    assert set(found) == exam.sealed
    assert len(found) == len(exam.sealed)


def test_each_is_replaced_where_it_stands(exam: Exam) -> None:
    for each in every(exam.rows):
        assert exam.rows.replace(each, b"new " + each.sealed)

    assert {each.sealed for each in every(exam.rows)} == {b"new " + each for each in exam.sealed}


def test_what_is_not_as_it_was_read_is_left_as_it_is(exam: Exam) -> None:
    row = every(exam.rows)[0]
    exam.change(row)

    done = exam.rows.replace(row, b"too late")

    assert not done
    assert b"too late" not in {each.sealed for each in every(exam.rows)}


def test_what_is_gone_is_not_made_again(exam: Exam) -> None:
    row = replace(every(exam.rows)[0], pk="gone")

    done = exam.rows.replace(row, b"too late")

    assert not done
    assert {each.sealed for each in every(exam.rows)} == exam.sealed
