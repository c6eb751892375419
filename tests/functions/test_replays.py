"""Replays through the handlers: begun with the request, finished by the queue, and told how far they are."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.runtime import wiring
from evergrant.use_cases.webhooks import replay as parts

from tests.builders import an_event, an_id
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.faults import KilledError, fault
from tests.functions.hooks import Receivers, deliver, fan_out, on, receivers, registered, rows, try_out
from tests.functions.sweeps import Travelling

__all__ = ["receivers"]  # Fixtures that these tests take.

LONG_AGO = {"since": "2020-01-01T00:00:00Z"}
EVENTS = 25


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events a page, one page a run."""
    for name, value in {"PAGE": 3, "PAGES": 1}.items():
        monkeypatch.setattr(parts, name, value)


def happened(functions: Functions, count: int = EVENTS, type_: str = "credential.created") -> list[str]:
    """So many events, seconds apart; their ids."""
    start = wiring.clock().now() - timedelta(minutes=10)
    times = [start + number * timedelta(seconds=1) for number in range(count)]
    made = [
        an_event(event_id=an_id("evt", number + 1, at=at), workspace_id=functions.workspace_id, at=at, type=type_)
        for number, at in enumerate(times)
    ]
    for each in made:
        wiring.webhooks().put_event(each)
    return [each.event_id for each in made]


def asked(functions: Functions, endpoint: Mapping[str, Any], **more: object) -> Any:
    return on(functions, "POST", endpoint, "/replay", {**LONG_AGO, **more}).body


def progress(functions: Functions, replay: Mapping[str, Any]) -> Any:
    return functions.call("webhook_endpoints", "GET", f"/webhooks/replays/{replay['replayId']}").body


def went_on(functions: Functions, replay: Mapping[str, Any]) -> None:
    """As the queue would bring its message."""
    body = json.dumps({"workspaceId": functions.workspace_id, "replayId": replay["replayId"]})
    functions.invoke("deliver", {"Records": [{"messageId": "1", "body": body}]})


def finished(functions: Functions, replay: Mapping[str, Any]) -> Any:
    """Part after part, as often as there are any."""
    for _ in range(EVENTS):
        if progress(functions, replay)["state"] != "running":
            break
        went_on(functions, replay)
    return progress(functions, replay)


def queued() -> list[dict[str, Any]]:
    """All messages of the deliveries queue, taken from it."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="deliveries")["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(each.get("Body", "")) for each in messages]
        for each in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each.get("ReceiptHandle", ""))
    return found


def test_a_replay_of_many_is_begun_at_once_and_finished_in_the_background(
    functions: Functions, receivers: Receivers
) -> None:
    ids = happened(functions)
    endpoint = registered(functions, "credential.created")

    begun = asked(functions, endpoint)
    half = progress(functions, begun)
    ended = finished(functions, begun)
    deliver(functions)

    assert (begun["replayed"], begun["state"], begun["total"]) == (3, "running", EVENTS)
    assert half == begun
    assert (ended["state"], ended["scanned"], ended["replayed"]) == ("done", EVENTS, EVENTS)
    assert sorted(each.headers["webhook-id"] for each in receivers.sent) == ids


def test_a_short_replay_has_ended_with_its_answer(functions: Functions) -> None:
    happened(functions, 2)
    endpoint = registered(functions, "credential.created")

    answer = on(functions, "POST", endpoint, "/replay", LONG_AGO)

    assert (answer.status, answer.body["replayed"], answer.body["state"]) == (202, 2, "done")


def test_a_replay_is_of_its_time_and_types_alone(functions: Functions, receivers: Receivers) -> None:
    created = happened(functions, 4)
    happened(functions, 4, "credential.updated")
    endpoint = registered(functions, "credential.created", "credential.updated")
    second, third = (functions.call("events", "GET", f"/events/{each}").body["timestamp"] for each in created[1:3])

    begun = asked(functions, endpoint, since=second, until=third, types=["credential.created"])
    ended = finished(functions, begun)
    deliver(functions)

    assert (ended["replayed"], ended["since"], ended["until"]) == (1, second, third)
    assert [each.headers["webhook-id"] for each in receivers.sent] == [created[1]]


@pytest.mark.parametrize("kind", ["killed_before", "killed_after"])
@pytest.mark.parametrize(
    ("operation", "about"),
    [
        ("PutItem", "'kind': {'S': 'delivery'}"),
        ("SendMessageBatch", "deliveryId"),
        ("PutItem", "'kind': {'S': 'replay'}"),
    ],
    ids=["delivery", "queue", "replay"],
)
def test_fault_44_a_replay_whose_worker_is_killed_goes_on_and_counts_each_event_once(
    functions: Functions, receivers: Receivers, kind: Any, operation: str, about: str
) -> None:
    ids = happened(functions)
    endpoint = registered(functions, "credential.created")
    begun = asked(functions, endpoint)

    with fault(kind, operation, about), pytest.raises(KilledError):
        went_on(functions, begun)
    ended = finished(functions, begun)
    deliver(functions)

    assert (ended["state"], ended["scanned"], ended["replayed"]) == ("done", EVENTS, EVENTS)
    assert sorted(each.headers["webhook-id"] for each in receivers.sent) == ids


def test_fault_44_a_replay_whose_request_is_killed_is_found_by_the_sweep(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    ids = happened(functions)
    endpoint = registered(functions, "credential.created")
    functions.invoke("sweep", {})
    with fault("killed_before", "SendMessageBatch", "deliveryId"), pytest.raises(KilledError):
        asked(functions, endpoint)
    (row,) = rows("replay")
    queued()

    for _ in range(4):
        clock.ahead += timedelta(minutes=1)
        functions.invoke("sweep", {})
    found = [each for each in queued() if "replayId" in each]
    ended = finished(functions, {"replayId": row["sk"]["S"]})
    deliver(functions)

    assert found
    assert found[0] == {"workspaceId": functions.workspace_id, "replayId": row["sk"]["S"]}
    assert (ended["state"], ended["replayed"]) == ("done", EVENTS)
    assert sorted(each.headers["webhook-id"] for each in receivers.sent) == ids


def test_a_part_that_the_queue_brings_twice_sends_nothing_twice(functions: Functions, receivers: Receivers) -> None:
    ids = happened(functions)
    endpoint = registered(functions, "credential.created")
    begun = asked(functions, endpoint)
    store, change = wiring.replays(), wiring.replays().change
    twins = [lambda: went_on(functions, begun)]

    def after_its_twin(*arguments: Any, **more: Any) -> bool:
        if twins:
            twins.pop()()
        return change(*arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "change", after_its_twin)
        went_on(functions, begun)
    ended = finished(functions, begun)
    deliver(functions)

    told = [each["eventId"] for each in queued() if "deliveryId" in each]
    assert twins == []
    assert (ended["scanned"], ended["replayed"]) == (EVENTS, EVENTS)
    assert sorted(told) == ids
    assert len(receivers.sent) == EVENTS


def test_a_second_replay_sends_again_what_the_first_sent(functions: Functions, receivers: Receivers) -> None:
    happened(functions, 2)
    endpoint = registered(functions, "credential.created")

    for _ in range(2):
        asked(functions, endpoint)
        deliver(functions)

    ids = [each.headers["webhook-id"] for each in receivers.sent]
    assert (len(ids), len(set(ids))) == (4, 2)


def test_a_replay_is_begun_once_for_an_idempotency_key(functions: Functions) -> None:
    happened(functions)
    path = f"/webhooks/endpoints/{registered(functions, 'credential.created')['endpointId']}/replay"

    answers = [
        functions.call("webhook_endpoints", "POST", path, LONG_AGO, headers={"Idempotency-Key": "one"}).body
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert len(rows("replay")) == 1


@pytest.mark.parametrize(
    ("method", "more", "reason"),
    [("DELETE", None, "endpoint_deleted"), ("PATCH", {"status": "paused"}, None)],
    ids=["deleted", "paused"],
)
def test_a_replay_ends_where_its_endpoint_does_and_waits_where_it_is_paused(
    functions: Functions, receivers: Receivers, method: str, more: Any, reason: str | None
) -> None:
    happened(functions)
    endpoint = registered(functions, "credential.created")
    begun = asked(functions, endpoint)
    on(functions, method, endpoint, content=more)

    ended = finished(functions, begun)
    deliver(functions)

    assert (ended["state"], ended["reason"]) == ("failed" if reason else "done", reason)
    assert receivers.sent == []


def test_a_disabled_endpoint_is_offered_what_it_missed_when_it_is_woken(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = registered(functions)
    try_out(functions, endpoint)
    on(functions, "PATCH", endpoint, content={"events": ["credential.created"]})
    receivers.answer = lambda _: 410
    clock.ahead = timedelta(hours=1)
    happened(functions, 1)
    fan_out(functions)
    deliver(functions)
    clock.ahead = timedelta(hours=2)
    meanwhile = happened(functions, 5)
    fan_out(functions)
    receivers.answer = lambda _: 204
    before = len(receivers.sent)

    woken = on(functions, "PATCH", endpoint, content={"status": "active"}).body
    again = on(functions, "PATCH", endpoint, content={"status": "active"}).body
    begun = asked(functions, endpoint, since=woken["missed"]["since"], onlyFailed=True)
    ended = finished(functions, begun)
    deliver(functions)

    assert (woken["status"], woken["missed"]["count"], woken["missed"]["isAll"]) == ("healthy", 6, True)
    assert "missed" not in again
    assert ended["replayed"] == 6
    assert {each.headers["webhook-id"] for each in receivers.sent[before:]} > set(meanwhile)
    assert len(receivers.sent) - before == 6


def test_what_happens_while_an_endpoint_is_paused_is_sent_after(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = registered(functions, "credential.created")
    on(functions, "PATCH", endpoint, content={"status": "paused"})
    ids = happened(functions, 2)
    fan_out(functions)
    deliver(functions)
    paused = len(receivers.sent)

    on(functions, "PATCH", endpoint, content={"status": "active"})
    clock.ahead = timedelta(minutes=16)
    deliver(functions)

    assert paused == 0
    assert sorted(each.headers["webhook-id"] for each in receivers.sent) == ids


def test_events_deliveries_and_replays_are_kept_as_long_as_the_parameter_says(
    functions: Functions, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "7")
    forget_wiring()
    endpoint = registered(functions)
    try_out(functions, endpoint)
    asked(functions, endpoint)

    now = wiring.clock().now().timestamp()
    for kind in ("event", "delivery", "replay"):
        (row,) = rows(kind)
        assert abs(int(row["ttl"]["N"]) - now - 7 * 86_400) < 3600, kind
