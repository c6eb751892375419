"""What is read is renewed ahead of time; that it was read is noted once a day, and no read fails for it."""

from datetime import timedelta

import boto3
import pytest
from evergrant.domain.due import day_of
from evergrant.domain.times import iso

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.faults import fault
from tests.functions.herd import row
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling, delivered
from tests.functions.test_renewals import token

HOUR = timedelta(hours=1)


@pytest.fixture
def unread(functions: Functions, provider: FakeTokenEndpoint, clock: Travelling) -> str:
    """Nobody has read it for days: its token is over, and it was renewed at its daily check."""
    made = connected(functions)
    clock.ahead = 50 * HOUR
    due = row(made).due_at
    assert due
    delivered(functions, [{"credentialId": made, "due": iso(due)}])
    return made


def test_what_nobody_reads_waits_for_its_daily_check(functions: Functions, unread: str, clock: Travelling) -> None:
    due = row(unread).due_at

    assert due
    assert due - clock.now() > 17 * HOUR


def test_what_was_read_is_renewed_before_its_token_ends(functions: Functions, unread: str, clock: Travelling) -> None:
    read = token(functions, unread)
    due = row(unread).due_at

    assert read == "at.2"
    assert due
    assert due - clock.now() < HOUR


def test_a_read_is_noted_once_a_day(functions: Functions, unread: str, clock: Travelling) -> None:
    token(functions, unread)
    noted = row(unread)

    token(functions, unread)

    assert noted.last_read_day == day_of(clock.now())
    assert row(unread) == noted


def test_a_read_goes_on_where_its_note_cannot_be_written(functions: Functions, unread: str) -> None:
    with fault("never_arrives", "UpdateItem", "last_read_day"):
        read = token(functions, unread)

    assert read == "at.2"
    assert row(unread).last_read_day is None


def test_a_note_changes_no_version(functions: Functions, unread: str) -> None:
    before = row(unread)

    token(functions, unread)

    assert row(unread).version == before.version


def test_a_read_that_renews_notes_its_use_too(functions: Functions, unread: str, clock: Travelling) -> None:
    clock.ahead += 2 * HOUR

    read = token(functions, unread)
    after = row(unread)

    assert (read, after.last_read_day) == ("at.3", day_of(clock.now()))
    assert after.due_at
    assert after.due_at - clock.now() < HOUR


def test_a_read_that_fails_notes_nothing(functions: Functions, unread: str) -> None:
    forget_wiring()
    boto3.client("dynamodb").delete_table(TableName="keys")

    answer = functions.call("fresh_token", "POST", f"/credentials/{unread}/token", {})

    assert (answer.status, row(unread).last_read_day) == (503, None)
