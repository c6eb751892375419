"""What an app's entry says of used refresh tokens decides leases, and when a token is sent again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from evergrant.domain.app import App
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.domain.renewal import Terms, Transient, apply, lease_is_free, next_due, terms_of
from evergrant.domain.renewal.terms import FORGIVING, STRICT, TIMEOUT

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LOST = Transient("provider_timeout", "Late.", unknown=True)
DAYS_OF_TROUBLE = 20


def way(**refreshing: Any) -> Any:
    endpoints = {f"{name}_endpoint": f"https://acme.example/{name}" for name in ("authorization", "token")}
    method = {"kind": "oauth2", **endpoints, **refreshing}
    return App.model_validate(
        {"slug": "acme", "name": "Acme", "docs_url": "https://acme.example", "methods": [method]}
    ).methods[0]


def row(**changed: Any) -> Credential:
    who = (WorkspaceId("ws_1"), UserId("usr_1"), CredentialId("cred_1"))
    return Credential(*who, "acme", "oauth2", "Acme", NOON, NOON, **changed)


@pytest.mark.parametrize(
    ("refreshing", "terms"),
    [
        ({}, Terms()),
        ({"refresh": "keep"}, Terms()),
        ({"refresh": "none"}, Terms()),
        ({"refresh": "rotate_strict"}, STRICT),
        ({"refresh": "rotate_overlap"}, FORGIVING),
        ({"refresh": "rotate_overlap", "refresh_overlap_seconds": 19}, STRICT),
        ({"refresh": "rotate_overlap", "refresh_overlap_seconds": 600}, Terms(within=timedelta(seconds=150))),
    ],
)
def test_an_overlap_that_a_lease_and_a_time_out_do_not_fit_into_is_none(
    refreshing: dict[str, Any], terms: Terms
) -> None:
    assert terms_of(way(**refreshing)) == terms


@pytest.mark.parametrize("terms", [Terms(), FORGIVING, STRICT])
def test_one_call_ends_well_inside_the_lease(terms: Terms) -> None:
    assert terms.lease >= TIMEOUT * 1.5


@pytest.mark.parametrize("chance", [0.0, 0.999])
def test_within_an_overlap_the_same_token_is_sent_again_soon_however_long_it_lasts(chance: float) -> None:
    change = apply(row(failures=DAYS_OF_TROUBLE), LOST, at=NOON, chance=chance, terms=FORGIVING)

    assert change.credential.due_at and NOON < change.credential.due_at <= NOON + timedelta(minutes=2)


def test_where_reuse_ends_the_grant_nobody_sends_the_token_again_before_the_last_moment() -> None:
    ends = NOON + timedelta(minutes=9)

    after = apply(row(token_expires_at=ends), LOST, at=NOON, chance=0.5, terms=STRICT).credential

    assert (after.awaits, after.lease_until, after.due_at) == (True, after.due_at, ends - timedelta(minutes=1))
    assert not lease_is_free(after, at=ends - timedelta(minutes=2))


@pytest.mark.parametrize("left", [timedelta(0), timedelta(minutes=2)])
def test_where_there_is_no_later_moment_it_is_sent_after_a_backoff(left: timedelta) -> None:
    after = apply(row(token_expires_at=NOON + left), LOST, at=NOON, chance=0.5, terms=STRICT).credential

    assert (after.awaits, after.lease_until) == (False, None)


def test_what_is_over_by_date_waits_for_no_lease_of_nobodys() -> None:
    waiting = row(lease_until=NOON + timedelta(hours=1), awaits=True, expires_at=NOON)

    assert lease_is_free(waiting, at=NOON)


def test_nothing_comes_due_before_a_lease_has_ended() -> None:
    until = NOON + timedelta(days=2)

    assert next_due(row(lease_until=until, awaits=True), at=NOON) == until
