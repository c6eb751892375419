"""What a provider's answer to a refresh does: a word for a dead grant, a bad day, how long it wants to be let alone."""

from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.renewal import FIRST_BACKOFF

from tests.builders import MINUTE, SECOND
from tests.functions.deployment import Functions
from tests.functions.grants import LIFE, Herd, herd
from tests.functions.loopback import Told
from tests.functions.sweeps import told

UNTIL_DUE = 51 * MINUTE
NONSENSE = [
    Told(200, b"<html>"),
    Told(200, {}),
    Told(200, {"access_token": ""}),
    Told(400, b""),
    Told(400, {"error": "temporarily_unavailable"}),
    Told(302, headers={"Location": "https://elsewhere.example"}),
    Told(500),
]


def answered(herd_: Herd, answer: Told) -> None:
    """To the refresh of each."""
    herd_.time.skip(UNTIL_DUE)
    herd_.provider.says = answer
    herd_.time.pass_(MINUTE)


@pytest.mark.parametrize(
    ("words", "status"),
    [([], "degraded"), (["token_revoked"], "expired")],
)
def test_an_apps_own_word_for_a_dead_grant_is_its_end(functions: Functions, words: list[str], status: str) -> None:
    with herd(functions, 1, dead_grant_errors=words) as one:
        answered(one, Told(400, {"error": "token_revoked"}))

        (row,) = one.rows()

    assert row.status == status
    assert told().count("credential.expired") == len(words)


@pytest.mark.parametrize("answer", NONSENSE)
def test_fault_31_a_bad_day_expires_nobody(functions: Functions, answer: Told) -> None:
    """Made by the provider."""
    with herd(functions, 1, refresh="keep") as one:
        answered(one, answer)

        (row,) = one.rows()
        read = functions.call("fresh_token", "POST", f"/credentials/{row.credential_id}/token", {})

    # What still works is handed out.
    assert (row.status, read.status, read.body["secret"]["accessToken"]) == (
        "degraded",
        200,
        f"at.{row.credential_id}.0",
    )
    assert told() == ["credential.created", "credential.degraded"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "at_least"), [("1800", 30 * MINUTE), (None, MINUTE), ("-1", MINUTE), ("x", MINUTE)])
def test_fault_31_a_provider_is_left_alone_for_as_long_as_it_says(
    functions: Functions, status: int, header: str | None, at_least: timedelta
) -> None:
    """Made by the provider."""
    headers: dict[str, Any] = {"Retry-After": header} if header else {}
    with herd(functions, 1, refresh="keep") as one:
        answered(one, Told(status, {"error": "slow_down"}, headers))
        ((asked_at, _),) = one.provider.calls

        (row,) = one.rows()

    assert row.due_at
    assert at_least <= row.due_at - asked_at <= max(at_least, FIRST_BACKOFF) + SECOND


def test_a_force_that_fails_gives_the_old_token_while_it_works(functions: Functions) -> None:
    with herd(functions, 1, refresh="keep") as one:
        one.provider.says = Told(503)
        path = f"/credentials/{one.ids[0]}/token"

        early = functions.call("fresh_token", "POST", path, {"force": True})
        one.time.skip(LIFE)
        late = functions.call("fresh_token", "POST", path, {"force": True})

    assert (early.status, early.body["secret"]["accessToken"]) == (200, f"at.{one.ids[0]}.0")
    assert late.status in (502, 503)
