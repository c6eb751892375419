"""The append-only trail."""

import pytest
from evergrant.domain.events import AuditLine

from tests.builders import (
    CREDENTIAL,
    HOUR,
    NOON,
    OTHER_CREDENTIAL,
    OTHER_WORKSPACE,
    SECOND,
    WORKSPACE,
    an_audit_line,
    an_id,
)
from tests.fakes.storage import Storage

BARE = an_audit_line(credential_id=None, user_id=None)
FULL = an_audit_line(detail={"reason": "refresh_token_rejected", "providerError": "invalid_grant"})


def hourly(storage: Storage, count: int) -> list[AuditLine]:
    """The oldest first, appended in another order."""
    lines = [
        an_audit_line(audit_id=an_id("aud", at=NOON + number * HOUR), at=NOON + number * HOUR)
        for number in range(count)
    ]
    for each in reversed(lines):
        storage.audit.append(each)
    return lines


@pytest.mark.parametrize("line", [BARE, FULL], ids=["bare", "full"])
def test_a_line_is_read_as_it_was_appended(storage: Storage, line: AuditLine) -> None:
    storage.audit.append(line)

    assert storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=10, after=None).items == [line]
    assert storage.audit.lines(OTHER_WORKSPACE, credential_id=None, since=None, limit=10, after=None).items == []


@pytest.mark.parametrize("credential_id", [None, CREDENTIAL])
def test_the_newest_comes_first_page_by_page(storage: Storage, credential_id: str | None) -> None:
    lines = hourly(storage, 5)
    found: list[AuditLine] = []
    sizes: list[int] = []
    after: str | None = None

    while not sizes or after:
        page = storage.audit.lines(WORKSPACE, credential_id=credential_id, since=None, limit=2, after=after)  # type: ignore[arg-type]  # an id
        found += page.items
        sizes.append(len(page.items))
        after = page.next

    assert found == lines[::-1]
    assert sizes == [2, 2, 1]


def test_a_page_that_is_just_full_is_the_last(storage: Storage) -> None:
    hourly(storage, 2)

    page = storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=2, after=None)

    assert (len(page.items), page.next) == (2, None)


@pytest.mark.usefixtures("short_pages")
def test_a_short_page_of_storage_is_not_the_last(storage: Storage) -> None:
    lines = hourly(storage, 4)

    page = storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=3, after=None)
    rest = storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=3, after=page.next)

    assert [*page.items, *rest.items] == lines[::-1]


def test_since_is_the_first_moment_that_counts(storage: Storage) -> None:
    lines = hourly(storage, 3)

    just = storage.audit.lines(WORKSPACE, credential_id=None, since=NOON + HOUR, limit=10, after=None)
    later = storage.audit.lines(WORKSPACE, credential_id=None, since=NOON + HOUR + SECOND, limit=10, after=None)

    assert just.items == [lines[2], lines[1]]
    assert later.items == [lines[2]]


def test_since_holds_on_every_page(storage: Storage) -> None:
    lines = hourly(storage, 4)

    first = storage.audit.lines(WORKSPACE, credential_id=None, since=NOON + HOUR, limit=2, after=None)
    second = storage.audit.lines(WORKSPACE, credential_id=None, since=NOON + HOUR, limit=2, after=first.next)

    assert [*first.items, *second.items] == lines[:0:-1]
    assert second.next is None


def test_the_lines_of_one_credential_are_its_own(storage: Storage) -> None:
    other = an_audit_line(audit_id=an_id("aud", 2), credential_id=OTHER_CREDENTIAL)
    for each in (an_audit_line(), other, an_audit_line(workspace_id=OTHER_WORKSPACE, credential_id=OTHER_CREDENTIAL)):
        storage.audit.append(each)

    found = storage.audit.lines(WORKSPACE, credential_id=OTHER_CREDENTIAL, since=None, limit=10, after=None)

    assert found.items == [other]


def test_of_what_is_no_credential_there_are_no_lines(storage: Storage) -> None:
    storage.audit.append(an_audit_line())

    found = storage.audit.lines(WORKSPACE, credential_id="x" * 3000, since=None, limit=10, after=None)  # type: ignore[arg-type]  # no id

    assert found.items == []
