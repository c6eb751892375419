"""How often a secret is checked that nothing else renews: as its app's entry says, else as the deployment does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.times import iso

from tests.builders import DAY, HOUR
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.herd import renewed, row
from tests.functions.keys import connect
from tests.functions.loopback import Loopback, Told, provider
from tests.functions.sweeps import Travelling
from tests.functions.test_proxy import entry

WEEKLY = {"path": "/me", "every_hours": 7 * 24}


@pytest.fixture
def app(functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    with provider() as told:
        checked(functions, told, WEEKLY)
        yield told


def checked(functions: Functions, app: Loopback, probe: dict[str, Any]) -> None:
    """What the app's entry says of its live call."""
    answer = functions.call("apps", "PUT", "/apps/erp", entry(app.url, probe=probe))
    assert answer.status == 200, answer.body


def made(functions: Functions, **more: Any) -> str:
    return connect(functions, type="erp", data={"apiKey": "key"}, **more).body["credentialId"]


def waits(credential_id: str, clock: Travelling) -> timedelta:
    """Until the next check."""
    due = row(credential_id).due_at
    assert due
    return due - clock.now()


def is_weekly(waiting: timedelta) -> bool:
    return 7 * DAY * 0.75 - HOUR < waiting <= 7 * DAY


def test_a_key_is_checked_as_often_as_its_apps_entry_says(
    functions: Functions, app: Loopback, clock: Travelling
) -> None:
    credential_id = made(functions)
    first, asked = waits(credential_id, clock), len(app.asked)

    renewed(functions, [credential_id])

    assert is_weekly(first)
    assert is_weekly(waits(credential_id, clock))
    assert len(app.asked) == asked + 1


@pytest.mark.parametrize("changes", [{"data": {"apiKey": "another"}}, {"expiresAt": "in a year"}])
def test_what_its_owner_changes_leaves_it_so(
    functions: Functions, app: Loopback, clock: Travelling, changes: dict[str, Any]
) -> None:
    credential_id = made(functions)
    named = {name: iso(clock.now() + 365 * DAY) if name == "expiresAt" else value for name, value in changes.items()}

    answer = functions.call("patch_credential", "PATCH", f"/credentials/{credential_id}", named)

    assert answer.status == 200, answer.body
    assert is_weekly(waits(credential_id, clock))


def test_an_entry_that_says_nothing_is_checked_each_day(functions: Functions, app: Loopback, clock: Travelling) -> None:
    checked(functions, app, {"path": "/me"})

    assert DAY * 0.75 - HOUR < waits(made(functions), clock) <= DAY


def test_what_an_entry_says_later_holds_from_the_next_check_on(
    functions: Functions, app: Loopback, clock: Travelling
) -> None:
    credential_id = made(functions)
    checked(functions, app, {"path": "/me", "every_hours": 12})

    renewed(functions, [credential_id])

    assert waits(credential_id, clock) <= DAY / 2


def test_a_check_that_fails_is_made_again_long_before(functions: Functions, app: Loopback, clock: Travelling) -> None:
    credential_id = made(functions)
    app.answer = lambda _: Told(503)

    renewed(functions, [credential_id])

    assert row(credential_id).status == "degraded"
    assert waits(credential_id, clock) < HOUR


@pytest.mark.parametrize("hours", [0, -1, 721, 1.5, "daily"])
def test_less_than_an_hour_and_more_than_a_month_are_refused(
    functions: Functions, app: Loopback, hours: object
) -> None:
    answer = functions.call("apps", "PUT", "/apps/erp", entry(app.url, probe={"path": "/me", "every_hours": hours}))

    assert answer.status == 422
