"""Events, the endpoints that hear of them, and the deliveries between."""

from dataclasses import replace
from datetime import datetime

import pytest
from evergrant.domain.due import partitions, slot
from evergrant.domain.errors import ConflictError
from evergrant.domain.events import Event
from evergrant.domain.webhooks import Attempt, Delivery, Endpoint, OldSecret

from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    OTHER_WORKSPACE,
    SECOND,
    WORKSPACE,
    a_delivery,
    an_endpoint,
    an_event,
    an_id,
)
from tests.fakes.storage import Storage

FULL_ENDPOINT = an_endpoint(
    events=("credential.expired", "credential.created"),
    apps=("acme",),
    user_tags=("vip",),
    description="Orders",
    paused=True,
    failing_since=NOON,
    disabled_reason="gone",
    secret_generation=3,
    old_secrets=(OldSecret(b"old", 1, NOON + DAY), OldSecret(b"older", 2, NOON + HOUR)),
    version=7,
)
A_QUEUE = an_endpoint(type="queue", url=None, arn="arn:aws:sqs:eu-central-1:123456789012:owners")
A_BUS = an_endpoint(
    type="event_bus", url=None, arn="arn:aws:events:eu-central-1:123456789012:event-bus/owners", sealed_secret=b""
)
FULL_EVENT = an_event(
    user_email="ada@shop.example", credential_name="Acme", data={"reason": "x", "providerError": None, "version": 3}
)
TEST_EVENT = an_event(
    type="webhook.test", user_id=None, credential_id=None, data={}, only_endpoint=an_endpoint().endpoint_id
)
FAILED = Attempt(at=NOON, status=500, duration_ms=12)
LOST = Attempt(at=NOON, status=None, duration_ms=15_000, error="timeout")
PATH = f"{WORKSPACE}/{a_delivery().event_id}/{a_delivery().delivery_id}"


def endpoint(storage: Storage) -> Endpoint:
    """The one there is."""
    found = storage.webhooks.endpoint(WORKSPACE, an_endpoint().endpoint_id)
    assert found
    return found


def delivery(storage: Storage) -> Delivery | None:
    """The one there is."""
    row = a_delivery()
    return storage.webhooks.delivery(WORKSPACE, row.event_id, row.delivery_id)


def due(storage: Storage, until: datetime) -> list[tuple[str, datetime]]:
    """In all partitions of that minute."""
    minute = int(slot(PATH, at=until).partition.partition("#")[0])
    return [each for partition in partitions(minute) for each in storage.webhooks.due(partition, until=until)]


@pytest.mark.parametrize("new", [an_endpoint(), FULL_ENDPOINT, A_QUEUE, A_BUS], ids=["plain", "full", "queue", "bus"])
def test_an_endpoint_is_read_as_it_was_put_in_its_own_workspace(storage: Storage, new: Endpoint) -> None:
    storage.webhooks.put_endpoint(new)

    assert storage.webhooks.endpoint(WORKSPACE, new.endpoint_id) == new
    assert storage.webhooks.endpoints(WORKSPACE) == [new]
    assert storage.webhooks.endpoint(OTHER_WORKSPACE, new.endpoint_id) is None
    assert storage.webhooks.endpoints(OTHER_WORKSPACE) == []


@pytest.mark.parametrize("name", ["", "ep_1", an_id("ep", 9), an_id("usr"), "x" * 3000])
def test_an_endpoint_that_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.webhooks.put_endpoint(an_endpoint())

    assert storage.webhooks.endpoint(WORKSPACE, name) is None


def test_endpoints_are_listed_in_the_order_of_their_creation(storage: Storage) -> None:
    ids = [an_id("ep", number) for number in (3, 1, 2)]
    for each in ids:
        storage.webhooks.put_endpoint(an_endpoint(endpoint_id=each))

    assert [each.endpoint_id for each in storage.webhooks.endpoints(WORKSPACE)] == sorted(ids)


def test_a_deleted_endpoint_is_gone_and_deleting_again_is_nothing(storage: Storage) -> None:
    storage.webhooks.put_endpoint(an_endpoint())

    for _ in range(2):
        storage.webhooks.delete_endpoint(an_endpoint())

    assert storage.webhooks.endpoints(WORKSPACE) == []


def test_a_change_is_counted(storage: Storage) -> None:
    storage.webhooks.put_endpoint(FULL_ENDPOINT)
    new = replace(FULL_ENDPOINT, url="https://shop.example/new", description=None, old_secrets=(), apps=())

    changed = storage.webhooks.change_endpoint(new, read=FULL_ENDPOINT)

    assert changed
    assert endpoint(storage) == replace(new, version=FULL_ENDPOINT.version + 1)


@pytest.mark.parametrize("meanwhile", ["changed", "deleted"])
def test_a_change_of_what_its_owner_changed_meanwhile_is_refused(storage: Storage, meanwhile: str) -> None:
    read = an_endpoint()
    storage.webhooks.put_endpoint(read)
    if meanwhile == "changed":
        storage.webhooks.change_endpoint(replace(read, description="first"), read=read)
    else:
        storage.webhooks.delete_endpoint(read)
    before = storage.webhooks.endpoints(WORKSPACE)

    changed = storage.webhooks.change_endpoint(replace(read, description="second"), read=read)

    assert not changed
    assert storage.webhooks.endpoints(WORKSPACE) == before


def test_a_change_keeps_what_deliveries_noted_meanwhile(storage: Storage) -> None:
    read = an_endpoint()
    storage.webhooks.put_endpoint(read)
    storage.webhooks.note_health(replace(read, failing_since=NOON), read=read, event=None)

    changed = storage.webhooks.change_endpoint(replace(read, description="new"), read=read)

    assert changed
    assert (endpoint(storage).description, endpoint(storage).failing_since) == ("new", NOON)


def test_waking_forgives_what_is_noted(storage: Storage) -> None:
    storage.webhooks.put_endpoint(FULL_ENDPOINT)

    storage.webhooks.change_endpoint(FULL_ENDPOINT.woken(), read=FULL_ENDPOINT)

    assert endpoint(storage).status == "healthy"


def test_health_is_noted_with_the_event_that_tells_of_it_and_nothing_else_is_touched(storage: Storage) -> None:
    read = an_endpoint()
    storage.webhooks.put_endpoint(read)
    new = replace(read, disabled_reason="gone", failing_since=NOON, url="https://elsewhere.example", version=9)

    noted = storage.webhooks.note_health(new, read=read, event=an_event(type="endpoint.disabled"))

    assert noted
    assert endpoint(storage) == replace(read, disabled_reason="gone", failing_since=NOON)
    assert storage.webhooks.event(WORKSPACE, an_id("evt"))


def test_health_that_is_forgiven_leaves_nothing(storage: Storage) -> None:
    read = an_endpoint(failing_since=NOON)
    storage.webhooks.put_endpoint(read)

    storage.webhooks.note_health(replace(read, failing_since=None), read=read, event=None)

    assert endpoint(storage) == replace(read, failing_since=None)


@pytest.mark.parametrize("meanwhile", ["noted", "changed", "deleted"])
def test_health_of_what_is_not_as_it_was_read_is_not_noted_and_not_told(storage: Storage, meanwhile: str) -> None:
    read = an_endpoint()
    storage.webhooks.put_endpoint(read)
    if meanwhile == "noted":
        storage.webhooks.note_health(replace(read, failing_since=NOON), read=read, event=None)
    elif meanwhile == "changed":
        storage.webhooks.change_endpoint(replace(read, url="https://shop.example/new"), read=read)
    else:
        storage.webhooks.delete_endpoint(read)
    before = storage.webhooks.endpoints(WORKSPACE)

    results = [
        storage.webhooks.note_health(replace(read, disabled_reason="gone"), read=read, event=each)
        for each in (None, an_event(type="endpoint.disabled"))
    ]

    assert results == [False, False]
    assert storage.webhooks.endpoints(WORKSPACE) == before
    assert storage.webhooks.event(WORKSPACE, an_id("evt")) is None


@pytest.mark.parametrize("event", [an_event(), FULL_EVENT, TEST_EVENT], ids=["plain", "full", "test"])
def test_an_event_is_read_as_it_was_put_in_its_own_workspace(storage: Storage, event: Event) -> None:
    storage.webhooks.put_event(event)

    assert storage.webhooks.event(WORKSPACE, event.event_id) == event
    assert storage.webhooks.event(OTHER_WORKSPACE, event.event_id) is None


@pytest.mark.parametrize("name", ["", "evt_1", an_id("evt", 9), an_id("usr"), "x" * 3000])
def test_an_event_that_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.webhooks.put_event(an_event())

    assert storage.webhooks.event(WORKSPACE, name) is None


def hourly(storage: Storage, count: int) -> list[Event]:
    """The oldest first, put in another order."""
    times = [NOON + number * HOUR for number in range(count)]
    events = [an_event(event_id=an_id("evt", at=each), at=each) for each in times]
    for each in reversed(events):
        storage.webhooks.put_event(each)
    storage.webhooks.put_event(an_event(workspace_id=OTHER_WORKSPACE))
    return events


def test_the_newest_event_comes_first_page_by_page(storage: Storage) -> None:
    events = hourly(storage, 4)

    first = storage.webhooks.events(WORKSPACE, since=None, limit=2, after=None)
    second = storage.webhooks.events(WORKSPACE, since=None, limit=2, after=first.next)

    assert [*first.items, *second.items] == events[::-1]
    assert (len(first.items), second.next) == (2, None)


@pytest.mark.usefixtures("short_pages")
def test_a_short_page_of_storage_is_not_the_last(storage: Storage) -> None:
    events = hourly(storage, 4)

    first = storage.webhooks.events(WORKSPACE, since=None, limit=2, after=None)
    second = storage.webhooks.events(WORKSPACE, since=None, limit=2, after=first.next)

    assert [*first.items, *second.items] == events[::-1]


def test_since_is_the_first_moment_that_counts_on_every_page(storage: Storage) -> None:
    events = hourly(storage, 4)

    first = storage.webhooks.events(WORKSPACE, since=NOON + HOUR, limit=2, after=None)
    second = storage.webhooks.events(WORKSPACE, since=NOON + HOUR, limit=2, after=first.next)

    assert [*first.items, *second.items] == events[:0:-1]
    assert second.next is None


def test_a_delivery_is_opened_once(storage: Storage) -> None:
    storage.webhooks.open_delivery(a_delivery())

    storage.webhooks.open_delivery(a_delivery(status="delivered", next_attempt_at=None))

    assert delivery(storage) == a_delivery()


def test_the_deliveries_of_an_event_are_its_own(storage: Storage) -> None:
    mine = [a_delivery(delivery_id=an_id("dlv", number)) for number in (1, 2)]
    others = [a_delivery(event_id=an_id("evt", 2), delivery_id=an_id("dlv", 3))]
    others += [a_delivery(workspace_id=OTHER_WORKSPACE, delivery_id=an_id("dlv", 4))]
    for each in (*others, *reversed(mine)):
        storage.webhooks.open_delivery(each)

    found = storage.webhooks.deliveries(WORKSPACE, an_id("evt"))

    assert found == mine
    assert storage.webhooks.delivery(WORKSPACE, an_id("evt"), an_id("dlv", 3)) is None


@pytest.mark.parametrize("new", [A_QUEUE, A_BUS], ids=["queue", "bus"])
def test_a_target_is_changed_for_another(storage: Storage, new: Endpoint) -> None:
    storage.webhooks.put_endpoint(new)
    other = replace(new, arn=f"{new.arn}2")

    storage.webhooks.change_endpoint(other, read=new)

    assert endpoint(storage) == replace(other, version=new.version + 1)


def test_a_delivery_is_kept_with_its_attempts(storage: Storage) -> None:
    storage.webhooks.open_delivery(a_delivery())
    after = a_delivery(type="queue", attempts=(FAILED, LOST), status="failed", next_attempt_at=NOON + HOUR)

    storage.webhooks.change_delivery(after, attempts_read=0, queued=False)

    assert delivery(storage) == after


def test_fault_44_an_attempt_that_another_made_meanwhile_is_not_overwritten(storage: Storage) -> None:
    storage.webhooks.open_delivery(a_delivery())
    first = a_delivery(attempts=(FAILED,), status="failed", next_attempt_at=NOON + HOUR)
    storage.webhooks.change_delivery(first, attempts_read=0, queued=False)

    with pytest.raises(ConflictError):
        storage.webhooks.change_delivery(a_delivery(attempts=(LOST,)), attempts_read=0, queued=True)

    assert delivery(storage) == first


def test_a_delivery_that_is_not_there_is_not_changed(storage: Storage) -> None:
    with pytest.raises(ConflictError):
        storage.webhooks.change_delivery(a_delivery(), attempts_read=0, queued=True)

    assert delivery(storage) is None


@pytest.mark.parametrize("at", [NOON, NOON + DAY * 0.3141592653])
def test_a_delivery_that_waits_in_the_index_is_found_when_it_is_due(storage: Storage, at: datetime) -> None:
    storage.webhooks.open_delivery(a_delivery())
    storage.webhooks.change_delivery(a_delivery(next_attempt_at=at), attempts_read=0, queued=False)

    early, found = due(storage, at - SECOND * 0.01), due(storage, at + SECOND * 0.01)

    assert [path for path, _ in early] == []
    assert [path for path, _ in found] == [PATH]


def test_what_the_queue_has_is_found_only_where_it_is_overdue(storage: Storage) -> None:
    storage.webhooks.open_delivery(a_delivery())

    on_time, overdue = due(storage, NOON + SECOND), due(storage, NOON + 2 * MINUTE + SECOND)

    assert (on_time, overdue) == ([], [(PATH, NOON + 2 * MINUTE)])


def test_what_is_done_is_due_no_more(storage: Storage) -> None:
    storage.webhooks.open_delivery(a_delivery())

    done = a_delivery(status="delivered", attempts=(FAILED,), next_attempt_at=None)
    storage.webhooks.change_delivery(done, attempts_read=0, queued=False)

    assert due(storage, NOON + 2 * MINUTE + SECOND) == []


def test_a_page_that_a_megabyte_cut_short_is_not_the_last(storage: Storage) -> None:
    large = {"app": "acme", "status": "active", "version": 1, "reason": "x" * 15_000}
    ids = [an_id("evt", number) for number in range(150)]
    for each in ids:
        storage.webhooks.put_event(an_event(event_id=each, data=large))

    found, after, pages = list[str](), None, 0
    while pages == 0 or after:
        page = storage.webhooks.events(WORKSPACE, since=None, limit=100, after=after)
        found += [each.event_id for each in page.items]
        after, pages = page.next, pages + 1

    assert found == ids[::-1]
