"""Who began finishes, once; what cannot be kept is given back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.authorization import COMPLETION_LIFETIME, s256
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    ConnectError,
    EvergrantError,
    ForbiddenError,
    NotFoundError,
    ProviderError,
    ProviderTimeoutError,
    UnavailableError,
)
from evergrant.domain.ids import CredentialId
from evergrant.ports.providers import ProbeAnswer
from pydantic import SecretStr

from tests.builders import BOB, CREDENTIAL, NOON, OTHER_WORKSPACE, SECOND, a_grant, a_user, an_audit_line
from tests.fakes.probing import FakeProbing
from tests.unit.round_trip import RoundTrip, acme

VERIFIER = "v" * 43


def probing(account: str) -> FakeProbing:
    """The provider says whose account it is."""
    return FakeProbing(ProbeAnswer(verdict=True, status=200, content={"id": account}))


@pytest.fixture
def trip() -> RoundTrip:
    return RoundTrip(probing=probing("acct"))


def refusal(trip: RoundTrip, completion: SecretStr, **how: Any) -> str:
    with pytest.raises(EvergrantError) as refused:
        trip.completed(completion, **how)
    return refused.value.code


def reconnecting(trip: RoundTrip, **changed: Any) -> tuple[Credential, SecretStr]:
    """A credential, and the completion of a round trip that is to reconnect it."""
    row = trip.deployment.kept(a_grant(account_id="acct", status="expired", **changed))
    return row, trip.completion(credential_id=CREDENTIAL)


def test_what_was_granted_is_sealed_kept_and_told(trip: RoundTrip) -> None:
    made = trip.completed(trip.completion())

    assert trip.credentials() == [made]
    assert trip.deployment.opened(made) == {"accessToken": "at.1", "tokenType": "Bearer", "refreshToken": "rt.1"}
    assert (made.account_id, made.status, made.last_verified_at) == ("acct", "active", NOON)
    assert trip.deployment.events() == trip.deployment.trail() == ["credential.created"]


def test_no_code_and_no_verifier_stay_behind(trip: RoundTrip) -> None:
    begun = trip.begun()
    returned = trip.back(trip.request(trip.sent(begun)))
    assert returned.completion

    trip.completed(returned.completion)

    left = trip.deployment.storage.authorizations.get(begun.authorization_id)
    assert left
    assert (left.stage, left.sealed_code, left.sealed_verifier) == ("completed", None, b"")


def test_attack_09_another_user_gets_nothing_and_burns_it(trip: RoundTrip) -> None:
    trip.deployment.storage.directory.create_user(a_user(user_id=BOB, username="bob"))
    completion = trip.completion()

    with pytest.raises(ForbiddenError):
        trip.completed(completion, user="bob")

    assert refusal(trip, completion) == "completion_used"
    assert (trip.endpoint.asked, trip.credentials()) == (0, [])


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"user": "nobody"}, "user_mismatch"),
        ({"workspace_id": OTHER_WORKSPACE}, "completion_unknown"),
        ({"verifier": None}, "code_verifier_mismatch"),
        ({"verifier": "w" * 43}, "code_verifier_mismatch"),
    ],
)
def test_attack_09_who_did_not_begin_burns_it_and_nothing_is_asked(
    trip: RoundTrip, how: dict[str, Any], code: str
) -> None:
    completion = trip.completion(code_challenge=s256(VERIFIER))

    first = refusal(trip, completion, **{"verifier": VERIFIER, **how})
    second = refusal(trip, completion, verifier=VERIFIER)

    assert (first, second) == (code, "completion_used")
    assert (trip.endpoint.asked, trip.credentials()) == (0, [])


def test_whose_server_kept_the_verifier_finishes(trip: RoundTrip) -> None:
    made = trip.completed(trip.completion(code_challenge=s256(VERIFIER)), verifier=VERIFIER)

    assert trip.credentials() == [made]


@pytest.mark.parametrize(("after", "count"), [(COMPLETION_LIFETIME - SECOND, 1), (COMPLETION_LIFETIME, 0)])
def test_a_completion_lasts_a_minute(trip: RoundTrip, after: timedelta, count: int) -> None:
    completion = trip.completion()
    trip.deployment.clock.pass_(after)

    try:
        trip.completed(completion)
        code = None
    except ConnectError as error:
        code = error.code

    assert code == (None if count else "completion_expired")
    assert (trip.endpoint.asked, len(trip.credentials())) == (count, count)


def test_fault_19_a_second_run_of_the_same_request_finds_what_the_first_kept(trip: RoundTrip) -> None:
    completion = trip.completion()
    first = trip.completed(completion)

    second = trip.completed(completion)

    assert second == first
    assert trip.endpoint.asked == 1


def test_what_the_provider_refuses_is_not_kept(trip: RoundTrip) -> None:
    trip.endpoint.trouble = ProviderTimeoutError("Late.")

    assert refusal(trip, trip.completion()) == "provider_timeout"
    assert trip.credentials() == []
    assert trip.reported == []


def test_fault_38_without_a_key_the_code_is_not_spent(trip: RoundTrip) -> None:
    completion = trip.completion()
    trip.deployment.sealer.away = True

    assert refusal(trip, completion) == "key_unavailable"
    assert trip.endpoint.asked == 0


def test_fault_38_once_the_code_is_spent_no_key_is_needed(trip: RoundTrip) -> None:
    completion = trip.completion()

    def send_keys_away(_: object) -> None:
        trip.deployment.sealer.away = True

    trip.endpoint.meanwhile = send_keys_away

    made = trip.completed(completion)

    assert trip.credentials() == [made]


def test_for_a_user_who_is_gone_no_code_is_spent(trip: RoundTrip) -> None:
    completion = trip.completion()
    trip.deployment.storage.directory.delete_user(a_user())

    with pytest.raises(NotFoundError):
        trip.completer.by_browser(completion)

    assert trip.endpoint.asked == 0


def test_a_reconnect_keeps_the_id_and_all_that_its_owner_named(trip: RoundTrip) -> None:
    row, completion = reconnecting(trip, name="Mine", tags=("a",), failures=3)

    made = trip.completed(completion)

    now = trip.deployment.row(row)
    assert trip.credentials() == [made] == [now]
    assert (now.credential_id, now.name, now.tags) == (CREDENTIAL, "Mine", ("a",))
    assert (now.status, now.generation, now.failures) == ("active", row.generation + 1, 0)
    assert trip.deployment.opened(row)["accessToken"] == "at.1"
    assert trip.deployment.events() == ["credential.reconnected"]


def test_a_reconnect_wins_over_a_renewal_in_between(trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    row, completion = reconnecting(trip)
    credentials = trip.deployment.storage.credentials
    get = credentials.get

    def got(credential_id: CredentialId) -> Credential | None:
        """A renewal begins right after the first read."""
        monkeypatch.setattr(credentials, "get", get)
        assert credentials.begin_renewal(row, lease_until=NOON + SECOND, due_at=NOON + SECOND)
        return row

    monkeypatch.setattr(credentials, "get", got)

    trip.completed(completion)

    assert trip.deployment.opened(row)["accessToken"] == "at.1"


NAMELESS: dict[str, Any] = {
    "probe": None,
    "properties": [
        {"name": "shop", "label": "Shop", "secret": False, "required": False, "pattern": "^[A-Za-z-]{1,9}$"}
    ],
}
"""Whose provider never says whose account it is."""


@pytest.mark.parametrize(
    ("before", "shop", "code"),
    [
        ({"shop": "ada"}, "eve", "wrong_account"),
        ({"shop": "ada"}, "Ada", None),
        ({"shop": "ada"}, None, None),
        ({}, "eve", None),
    ],
)
def test_without_an_account_to_know_it_by_a_reconnect_stays_with_its_shop(
    before: dict[str, str], shop: str | None, code: str | None
) -> None:
    trip = RoundTrip(app=acme(**NAMELESS))
    row = trip.deployment.kept(a_grant(account_id=None, status="expired", variables=before))
    properties = {"shop": SecretStr(shop)} if shop else {}
    completion = trip.completion(credential_id=CREDENTIAL, properties=properties)

    found = refusal(trip, completion) if code else trip.completed(completion).status

    assert found == (code or "active")
    assert (trip.deployment.row(row) == row) is bool(code)


def test_another_account_does_not_take_its_place_and_is_given_back(trip: RoundTrip) -> None:
    row, completion = reconnecting(trip)
    trip.probing = probing("another")

    assert refusal(trip, completion) == "wrong_account"
    assert trip.deployment.row(row) == row
    assert trip.endpoint.revoked == 1
    assert [(event, told["given_back"]) for event, told in trip.reported] == [("orphan_grant", True)]


def test_an_account_that_nobody_names_does_not_take_its_place(trip: RoundTrip) -> None:
    row, completion = reconnecting(trip)
    trip.probing = FakeProbing(trouble=ProviderError("Away."))

    assert refusal(trip, completion) == "provider_error"
    assert trip.deployment.row(row) == row


@pytest.mark.parametrize("what", ["credential", "user"])
def test_fault_22_what_came_for_something_deleted_meanwhile_is_given_back_and_told(trip: RoundTrip, what: str) -> None:
    def delete(_: object) -> None:
        if what == "user":
            trip.deployment.storage.directory.delete_user(a_user())
        else:
            row = trip.deployment.storage.credentials.find(CREDENTIAL)
            assert row
            trip.deployment.storage.credentials.delete(row, event=None, audit=an_audit_line())

    completion = trip.completion() if what == "user" else reconnecting(trip)[1]
    trip.endpoint.meanwhile = delete

    with pytest.raises(NotFoundError):
        trip.completed(completion)

    assert trip.endpoint.revoked == 1
    assert [(event, told["given_back"]) for event, told in trip.reported] == [("orphan_grant", True)]
    assert trip.credentials() == []


def test_fault_22_where_storage_does_not_answer_nothing_is_revoked_and_it_is_told(trip: RoundTrip) -> None:
    completion = trip.completion()

    class Away:
        def create(self, *_: object, **__: object) -> None:
            raise UnavailableError

        def get(self, _: str) -> None:
            return None

    trip.deployment.storage = replace(trip.deployment.storage, credentials=Away())  # type: ignore[arg-type]  # what is called of it

    assert refusal(trip, completion) == "unavailable"
    assert trip.endpoint.revoked == 0
    assert [(event, told["given_back"]) for event, told in trip.reported] == [("orphan_grant", False)]
