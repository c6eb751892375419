"""When a delivery is tried again, and what an endpoint's health becomes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from evergrant.domain.errors import ConflictError
from evergrant.domain.webhooks import MOST_OLD_SECRETS, WAITS, Attempt, Delivery, delivery_for

from tests.builders import NOON, an_endpoint, an_event

ENDPOINT = an_endpoint(sealed_secret=b"")
EVENT = an_event(type="credential.expired", data={"app": "stripe"})


def failed(at: datetime, status: int | None = 500) -> Attempt:
    return Attempt(at=at, status=status, duration_ms=1)


def test_fault_40_ten_attempts_stand_over_three_days_and_then_it_is_exhausted() -> None:
    delivery, at, times = delivery_for(EVENT, ENDPOINT), NOON, list[timedelta]()
    while delivery.is_open:
        times.append(at - NOON)
        delivery = delivery.after(failed(at), jitter=0)
        at = delivery.next_attempt_at or at

    assert len(times) == len(WAITS) == 10
    assert timedelta(hours=75.5) < times[-1] < timedelta(hours=75.7)
    assert delivery.status == "exhausted"


def test_fault_41_gone_disables_at_once() -> None:
    after = ENDPOINT.after(ok=False, status=410, at=NOON)

    assert (after.status, after.disabled_reason) == ("disabled", "gone")
    assert not after.is_awake
    # What happens meanwhile is on record as missed.
    assert delivery_for(EVENT, after).did_not_arrive


def test_five_days_of_failure_disable_and_one_success_forgives() -> None:
    failing = ENDPOINT.after(ok=False, status=500, at=NOON)

    assert failing.status == "failing"
    assert failing.after(ok=True, status=200, at=NOON).status == "healthy"
    assert failing.after(ok=False, status=500, at=NOON + timedelta(days=5)).status == "disabled"


def test_a_receivers_own_wait_is_honoured() -> None:
    delivery = delivery_for(EVENT, ENDPOINT).after(failed(NOON, 503), jitter=0, retry_after=timedelta(minutes=7))

    assert delivery.next_attempt_at == NOON + timedelta(minutes=7)


def test_a_failed_attempt_that_will_be_repeated_says_so() -> None:
    fresh = delivery_for(EVENT, ENDPOINT)
    tried = fresh.after(failed(NOON), jitter=0)

    assert (fresh.status, tried.status, tried.is_open) == ("pending", "failed", True)


def test_a_paused_endpoints_deliveries_look_again_after_as_long_as_they_waited() -> None:
    fresh = delivery_for(EVENT, ENDPOINT)

    waits = [fresh.put_off(at=NOON + each).next_attempt_at for each in (timedelta(0), timedelta(minutes=5), WAITS[-1])]

    assert waits == [
        NOON + timedelta(minutes=1),
        NOON + timedelta(minutes=10),
        NOON + WAITS[-1] + timedelta(minutes=15),
    ]


def test_attack_57_each_old_secret_signs_until_its_own_end() -> None:
    once = ENDPOINT.rotated(b"1", at=NOON, overlap=timedelta(hours=2))
    twice = once.rotated(b"2", at=NOON, overlap=timedelta(hours=1))

    assert twice.signing(at=NOON) == [(b"2", 3), (b"1", 2), (b"", 1)]
    assert twice.signing(at=NOON + timedelta(hours=1)) == [(b"2", 3), (b"", 1)]
    assert twice.signing(at=NOON + timedelta(hours=2)) == [(b"2", 3)]


def test_attack_57_without_an_overlap_all_old_secrets_end() -> None:
    once = ENDPOINT.rotated(b"1", at=NOON, overlap=timedelta(hours=2))

    assert once.rotated(b"2", at=NOON, overlap=timedelta(0)).signing(at=NOON) == [(b"2", 3)]


def test_only_so_many_old_secrets_sign() -> None:
    endpoint = ENDPOINT
    for _ in range(MOST_OLD_SECRETS):
        endpoint = endpoint.rotated(b"", at=NOON, overlap=timedelta(hours=1))

    with pytest.raises(ConflictError) as refused:
        endpoint.rotated(b"", at=NOON, overlap=timedelta(hours=1))

    assert refused.value.code == "too_many_secrets"
    assert endpoint.rotated(b"", at=NOON, overlap=timedelta(0)).old_secrets == ()


def test_an_event_about_no_app_and_no_user_passes_those_filters() -> None:
    disabled = replace(EVENT, type="endpoint.disabled", data={})
    choosy = replace(ENDPOINT, events=("endpoint.disabled",), apps=("shopify",), user_tags=("vip",))

    assert choosy.hears(disabled)


def test_a_redirect_is_a_failure() -> None:
    assert not failed(NOON, 302).ok


def test_a_second_fan_out_opens_the_same_delivery() -> None:
    assert delivery_for(EVENT, ENDPOINT) == delivery_for(EVENT, ENDPOINT)
    assert isinstance(delivery_for(EVENT, ENDPOINT), Delivery)


def test_an_endpoint_that_names_no_types_hears_of_expiry_alone() -> None:
    created = replace(EVENT, type="credential.created")

    assert (ENDPOINT.hears(EVENT), ENDPOINT.hears(created)) == (True, False)
    assert not replace(ENDPOINT, apps=("shopify",)).hears(EVENT)
