"""When a delivery is tried again, and what an endpoint's health becomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evergrant.domain.events import Event
from evergrant.domain.ids import EndpointId, EventId, WorkspaceId
from evergrant.domain.webhooks import WAITS, Attempt, Delivery, Endpoint, delivery_for

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENDPOINT = Endpoint(WorkspaceId("ws_1"), EndpointId("ep_1"), "https://example.com", NOON, b"")
EVENT = Event(EventId("evt_" + "0" * 36), WorkspaceId("ws_1"), "credential.expired", NOON, data={"app": "stripe"})


def failed(at: datetime, status: int | None = 500) -> Attempt:
    return Attempt(at=at, status=status, duration_ms=1)


def test_fault_40_ten_attempts_stand_over_three_days_and_then_it_is_exhausted() -> None:
    delivery, at, times = delivery_for(EVENT, ENDPOINT), NOON, list[timedelta]()
    while delivery.status == "pending":
        times.append(at - NOON)
        delivery = delivery.after(failed(at), jitter=0)
        at = delivery.next_attempt_at or at

    assert len(times) == len(WAITS) == 10
    assert timedelta(hours=75.5) < times[-1] < timedelta(hours=75.7)
    assert delivery.status == "exhausted"


def test_fault_41_gone_disables_at_once() -> None:
    after = ENDPOINT.after(ok=False, status=410, at=NOON)

    assert (after.status, after.disabled_reason) == ("disabled", "gone")
    assert not after.hears(EVENT)


def test_five_days_of_failure_disable_and_one_success_forgives() -> None:
    failing = ENDPOINT.after(ok=False, status=500, at=NOON)

    assert failing.status == "failing"
    assert failing.after(ok=True, status=200, at=NOON).status == "healthy"
    assert failing.after(ok=False, status=500, at=NOON + timedelta(days=5)).status == "disabled"


def test_a_receivers_own_wait_is_honoured() -> None:
    delivery = delivery_for(EVENT, ENDPOINT).after(failed(NOON, 503), jitter=0, retry_after=timedelta(minutes=7))

    assert delivery.next_attempt_at == NOON + timedelta(minutes=7)


def test_a_redirect_is_a_failure() -> None:
    assert not failed(NOON, 302).ok


def test_a_second_fan_out_opens_the_same_delivery() -> None:
    assert delivery_for(EVENT, ENDPOINT) == delivery_for(EVENT, ENDPOINT)
    assert isinstance(delivery_for(EVENT, ENDPOINT), Delivery)


def test_an_endpoint_that_names_no_types_hears_of_expiry_alone() -> None:
    created = replace(EVENT, type="credential.created")

    assert (ENDPOINT.hears(EVENT), ENDPOINT.hears(created)) == (True, False)
    assert not replace(ENDPOINT, apps=("shopify",)).hears(EVENT)
