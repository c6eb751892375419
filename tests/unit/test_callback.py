"""What a provider sends back is believed only where all of it fits, and only once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.authorization import LIFETIME
from evergrant.domain.errors import ConnectError

from tests.builders import OTHER_WORKSPACE, SECOND
from tests.unit.round_trip import RoundTrip, acme


@pytest.fixture
def trip() -> RoundTrip:
    return RoundTrip()


def stage(trip: RoundTrip, authorization_id: str) -> tuple[str, str | None]:
    """How far it is, and why no further."""
    found = trip.deployment.storage.authorizations.get(authorization_id)
    assert found
    return found.stage, found.error


def test_a_yes_is_sealed_with_its_code_and_nothing_is_asked_yet(trip: RoundTrip) -> None:
    redirect = trip.sent(trip.begun())

    returned = trip.back(trip.request(redirect))

    found = returned.authorization
    assert returned.completion
    assert stage(trip, found.authorization_id) == ("ready", None)
    code = trip.deployment.sealer.open(found.sealed_code or b"", found.seal_context("code"))
    assert code.get_secret_value() == b"code"
    assert trip.endpoint.asked == 0


def test_attack_02_a_state_opens_the_door_only_once(trip: RoundTrip) -> None:
    request = trip.request(trip.sent(trip.begun()))
    first = trip.back(request)

    with pytest.raises(ConnectError) as refused:
        trip.back(request)

    assert refused.value.code == "state_used"
    assert stage(trip, first.authorization.authorization_id) == ("ready", None)


@pytest.mark.parametrize("state", [None, "", "other"])
def test_attack_01_what_nobody_began_is_unknown(trip: RoundTrip, state: str | None) -> None:
    redirect = trip.sent(trip.begun())

    with pytest.raises(ConnectError) as refused:
        trip.back(trip.request(redirect, state=state))

    assert refused.value.code == "state_unknown"
    assert stage(trip, redirect.authorization_id) == ("started", None)


@pytest.mark.parametrize("cookies", [{}, {"evergrant-other": "x"}, {"of this one": "x"}])
def test_attack_08_another_browser_ends_it_and_the_trail_says_so(trip: RoundTrip, cookies: dict[str, str]) -> None:
    redirect = trip.sent(trip.begun())
    request = trip.request(redirect)
    own = dict.fromkeys(request.cookies, "x") if "of this one" in cookies else cookies

    with pytest.raises(ConnectError) as refused:
        trip.back(replace(request, cookies=own))

    assert refused.value.code == "browser_mismatch"
    assert stage(trip, redirect.authorization_id) == ("failed", "browser_mismatch")
    assert trip.deployment.trail() == ["authorization.refused"]
    with pytest.raises(ConnectError) as again:
        trip.back(request)
    assert again.value.code == "state_used"


@pytest.mark.parametrize("where", [{"workspace_id": OTHER_WORKSPACE}, {"app": "other"}])
def test_attack_05_06_another_context_in_the_address_ends_it(trip: RoundTrip, where: dict[str, Any]) -> None:
    redirect = trip.sent(trip.begun())

    with pytest.raises(ConnectError) as refused:
        trip.back(replace(trip.request(redirect), **where))

    assert refused.value.code == "context_mismatch"
    assert stage(trip, redirect.authorization_id) == ("failed", "context_mismatch")


@pytest.mark.parametrize(("after", "is_over"), [(LIFETIME - SECOND, False), (LIFETIME, True)])
def test_it_lasts_ten_minutes(trip: RoundTrip, after: timedelta, *, is_over: bool) -> None:
    request = trip.request(trip.sent(trip.begun()))
    trip.deployment.clock.pass_(after)

    try:
        code = "" if trip.back(request).completion else "no completion"
    except ConnectError as error:
        code = error.code

    assert code == ("authorization_expired" if is_over else "")


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"iss": "https://evil.example"}, "issuer_mismatch"),
        ({"iss": "https://acme.example/"}, "issuer_mismatch"),
        ({"iss": None}, "issuer_missing"),
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "<b>own words</b>"}, "provider_error"),
        ({"error": "access_denied", "iss": "https://evil.example"}, "issuer_mismatch"),
        ({"code": None}, "code_missing"),
        ({"code": ""}, "code_missing"),
        ({"code": "a\nb"}, "code_missing"),
    ],
)
def test_attack_04_what_does_not_fit_ends_it_with_a_known_word(
    trip: RoundTrip, parameters: dict[str, Any], error: str
) -> None:
    redirect = trip.sent(trip.begun())

    returned = trip.back(trip.request(redirect, **parameters))

    assert (returned.completion, returned.error) == (None, error)
    assert stage(trip, redirect.authorization_id) == ("failed", error)


def test_a_provider_that_does_not_say_who_it_is_need_not() -> None:
    trip = RoundTrip(app=acme(authorization_response_iss_parameter_supported=False))

    returned = trip.back(trip.request(trip.sent(trip.begun()), iss=None))

    assert returned.completion


def test_a_link_is_used_by_one_browser(trip: RoundTrip) -> None:
    begun = trip.begun()
    trip.sent(begun)

    with pytest.raises(ConnectError) as refused:
        trip.sent(begun)

    assert refused.value.code == "link_used"
