"""Deliveries through the handlers, on a clock that the test moves: a receiver's bad days, and what it can rely on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from evergrant.domain.due import minute_of
from evergrant.domain.errors import ProviderTimeoutError
from evergrant.domain.webhooks import QUEUE_DELAY_LIMIT, WAITS
from evergrant.runtime import assembly, wiring
from standardwebhooks import Webhook

from tests.functions.deployment import Functions, forget_wiring
from tests.functions.keys import CANARY, connect
from tests.functions.loopback import Asked, Loopback, Told
from tests.functions.loopback import provider as receiver_on_loopback
from tests.functions.sweeps import Travelling
from tests.signatures import at_any_time, is_verified

Message = dict[str, Any]


@dataclass
class Post:
    """The queue of deliveries, the stream and the sweep, as time goes by."""

    functions: Functions
    clock: Travelling
    queued: list[tuple[datetime, Message]] = field(default_factory=list[tuple[datetime, Message]])
    longest_delay: int = 0
    _seen: set[str] = field(default_factory=set[str])

    def send(self, messages: list[Message], *, delay_seconds: int = 0) -> None:
        """The port: SQS refuses more than 900 seconds (fault 45)."""
        self.longest_delay = max(self.longest_delay, delay_seconds)
        self.queued += [(self.clock.now() + timedelta(seconds=delay_seconds), each) for each in messages]

    def stream(self) -> None:
        """New events, each once."""
        items = boto3.client("dynamodb").scan(TableName="events")["Items"]
        new = [each for each in items if "type" in each and each["sk"]["S"] not in self._seen]
        self._seen |= {each["sk"]["S"] for each in new}
        records = [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": each}}
            for number, each in enumerate(new)
        ]
        assert self.functions.invoke("fan_out", {"Records": records}) == {"batchItemFailures": []}

    def work(self) -> None:
        """All that waits in the queue now."""
        now = self.clock.now()
        ready = [message for at, message in self.queued if at <= now]
        self.queued = [(at, message) for at, message in self.queued if at > now]
        for message in ready:
            self.deliver(message)

    def deliver(self, message: Message) -> None:
        record = {"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs"}
        assert self.functions.invoke("deliver", {"Records": [record]}) == {"batchItemFailures": []}

    def until(self, at: datetime) -> None:
        """Time goes on. The sweeps of the minutes between found nothing."""
        self.clock.ahead += at - self.clock.now()
        for kind in assembly.timed().values():
            kind.cursor.move(minute_of(at) - 1)
        self.functions.invoke("sweep", {})
        self.clock.ahead += timedelta(seconds=61)
        self.work()

    def shown(self) -> dict[str, Any]:
        """The one delivery."""
        (event,) = self.functions.call("events", "GET", "/events").body["data"]
        (only,) = self.functions.call("events", "GET", f"/events/{event['id']}/deliveries").body["data"]
        return only


@pytest.fixture
def receiver(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    with receiver_on_loopback() as told:
        yield told


@pytest.fixture
def post(functions: Functions, receiver: Loopback, monkeypatch: pytest.MonkeyPatch) -> Post:
    clock = Travelling()
    monkeypatch.setattr(wiring, "clock", lambda: clock)
    made = Post(functions, clock)
    monkeypatch.setattr(wiring, "deliveries", lambda: made)
    return made


def registered(functions: Functions, receiver: Loopback, path: str = "/hook") -> dict[str, str]:
    body = {"url": f"{receiver.url}{path}", "events": ["credential.created"]}
    answer = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", body)
    assert answer.status == 201, answer.body
    return answer.body


def verified(asked: Asked, secret: str) -> dict[str, Any]:
    """By the specification's own library."""
    return Webhook(secret).verify(asked.body, asked.headers)


def test_fault_40_ten_attempts_at_their_times_and_then_it_is_exhausted(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    """Made by the receiver; its three days are the clock's."""
    registered(functions, receiver)
    receiver.answer = lambda _: Told(500)
    connect(functions)
    post.stream()

    post.work()
    while post.shown()["nextAttemptAt"]:
        post.until(datetime.fromisoformat(post.shown()["nextAttemptAt"]))

    times = [datetime.fromisoformat(each["at"]) for each in post.shown()["attempts"]]
    assert post.shown()["status"] == "exhausted"
    assert len(receiver.asked) == len(times) == len(WAITS) == 10
    assert all(
        wait <= later - earlier <= wait * 1.1 + timedelta(seconds=70)
        for wait, earlier, later in zip(WAITS[1:], times, times[1:], strict=False)
    )
    assert len({each.headers["webhook-id"] for each in receiver.asked}) == 1


def test_fault_45_a_wait_beyond_the_queues_is_found_by_the_due_index(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    """Made by the receiver, which asks for an hour."""
    registered(functions, receiver)
    receiver.answer = lambda _: Told(503, headers={"Retry-After": "3600"})
    connect(functions)
    post.stream()
    post.work()
    queued = list(post.queued)
    receiver.answer = lambda _: Told(204)

    post.until(datetime.fromisoformat(post.shown()["nextAttemptAt"]))

    assert queued == []
    assert post.longest_delay <= QUEUE_DELAY_LIMIT.total_seconds()
    assert [each["status"] for each in post.shown()["attempts"]] == [503, 204]


def test_fault_39_a_receiver_that_was_down_for_ten_minutes_gets_it_after(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    """Made by the receiver."""
    made = registered(functions, receiver)
    down_until = post.clock.now() + timedelta(minutes=10)
    receiver.answer = lambda _: Told(500 if post.clock.now() < down_until else 204)
    connect(functions)
    post.stream()

    post.work()
    while post.shown()["status"] in ("pending", "failed"):
        post.until(datetime.fromisoformat(post.shown()["nextAttemptAt"]))

    shown = functions.call("webhook_endpoints", "GET", f"/webhooks/endpoints/{made['endpointId']}").body
    assert (post.shown()["status"], shown["status"], shown["failingSince"]) == ("delivered", "healthy", None)
    assert len({each.headers["webhook-id"] for each in receiver.asked}) == 1
    assert post.clock.now() - down_until < timedelta(minutes=45)


def test_fault_41_a_receiver_that_is_gone_hears_no_more(functions: Functions, receiver: Loopback, post: Post) -> None:
    """Made by the receiver."""
    made = registered(functions, receiver)
    receiver.answer = lambda _: Told(410)
    connect(functions)
    post.stream()
    post.work()

    connect(functions)
    post.stream()
    post.work()

    shown = functions.call("webhook_endpoints", "GET", f"/webhooks/endpoints/{made['endpointId']}").body
    assert (shown["status"], shown["disabledReason"], len(receiver.asked)) == ("disabled", "gone", 1)


def test_fault_42_a_receiver_that_does_not_end_is_cut_off_and_tried_again(
    functions: Functions, receiver: Loopback, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by the receiver."""
    registered(functions, receiver)
    connect(functions)
    post.stream()
    limits: list[tuple[float, int]] = []

    class Slow:
        def send(self, *_: object, total_seconds: float, max_bytes: int, **__: object) -> None:
            limits.append((total_seconds, max_bytes))
            raise ProviderTimeoutError("late")

    monkeypatch.setattr(wiring, "http_client", Slow)
    post.work()

    assert limits == [(15, 16 * 1024)]
    assert [each["error"] for each in post.shown()["attempts"]] == ["timeout"]
    assert post.shown()["nextAttemptAt"]


def test_fault_43_an_answer_that_was_lost_brings_the_same_id_again(
    functions: Functions, receiver: Loopback, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by a fake, which dies between the answer and its keeping."""
    registered(functions, receiver)
    connect(functions)
    post.stream()
    ((_, message),) = post.queued
    store = wiring.webhooks()

    class Dying:
        """A worker that dies before it remembers its attempt (fault 44)."""

        def __getattr__(self, name: str) -> Any:
            if name == "change_delivery":
                raise RuntimeError
            return getattr(store, name)

    record = {"messageId": "1", "body": json.dumps(message)}
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "webhooks", Dying)
        died = functions.invoke("deliver", {"Records": [record]})

    post.deliver(message)
    post.deliver(message)

    assert died == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert [each.headers["webhook-id"] for each in receiver.asked] == [message["eventId"]] * 2
    assert post.shown()["status"] == "delivered"


def test_fault_44_a_message_that_breaks_is_the_only_one_to_come_again(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    """Made by the queue."""
    registered(functions, receiver)
    connect(functions)
    post.stream()
    bodies = ["{", json.dumps({"v": 99}), json.dumps(post.queued[0][1])]
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]

    answer = functions.invoke("deliver", {"Records": records})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "1"}]}
    assert post.shown()["status"] == "delivered"


def test_attack_55_a_delivery_is_signed_over_the_very_bytes(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    secret = registered(functions, receiver)["secret"]
    connect(functions)
    post.stream()
    post.work()
    (asked,) = receiver.asked
    changed = [
        Asked(asked.method, asked.path, asked.headers, asked.body[:at] + b"~" + asked.body[at + 1 :])
        for at in range(0, len(asked.body), 7)
    ]

    assert verified(asked, secret)["type"] == "credential.created"
    assert [each for each in changed if is_verified(secret, each.headers, each.body)] == []
    assert "." not in asked.headers["webhook-id"]


def test_attack_56_each_attempt_has_its_own_time_and_the_same_id(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    registered(functions, receiver)
    receiver.answer = lambda _: Told(500)
    connect(functions)
    post.stream()
    post.work()

    post.until(datetime.fromisoformat(post.shown()["nextAttemptAt"]) + timedelta(minutes=6))

    first, second = receiver.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) > 300
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_attack_57_both_secrets_sign_until_the_overlap_ends(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    made = registered(functions, receiver)
    path = f"/webhooks/endpoints/{made['endpointId']}"
    new = functions.call("webhook_endpoints", "POST", f"{path}/rotate-secret", {"overlapSeconds": 60}).body["secret"]

    connect(functions)
    post.stream()
    post.work()
    post.clock.ahead += timedelta(seconds=61)
    connect(functions)
    post.stream()
    post.work()

    during, after = receiver.asked
    with at_any_time():
        assert [is_verified(each, during.headers, during.body) for each in (made["secret"], new)] == [True, True]
        assert [is_verified(each, after.headers, after.body) for each in (made["secret"], new)] == [False, True]


def test_attack_58_no_two_endpoints_share_a_secret(functions: Functions, receiver: Loopback, post: Post) -> None:
    secrets = [registered(functions, receiver, f"/{each}")["secret"] for each in range(3)]
    connect(functions)
    post.stream()
    post.work()

    assert len(set(secrets)) == 3
    assert all(each.startswith("whsec_") and 24 <= len(each.removeprefix("whsec_")) * 3 / 4 <= 64 for each in secrets)
    for asked in receiver.asked:
        assert [is_verified(each, asked.headers, asked.body) for each in secrets] == [
            asked.path == f"/{at}" for at in range(3)
        ]


def test_attack_60_one_dead_receiver_of_ten_holds_up_no_other(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    for number in range(10):
        registered(functions, receiver, f"/{number}")
    receiver.answer = lambda asked: Told(500 if asked.path == "/0" else 204)
    connect(functions)
    post.stream()

    post.work()

    assert sorted(each.path for each in receiver.asked) == [f"/{number}" for number in range(10)]
    assert len(post.queued) == 1


def test_attack_62_a_delivery_has_no_secret(functions: Functions, receiver: Loopback, post: Post) -> None:
    registered(functions, receiver)
    connect(functions)
    post.stream()
    post.work()

    (asked,) = receiver.asked
    assert CANARY not in f"{asked.body!r}{asked.headers}"
    assert json.loads(asked.body).keys() == {
        *("id", "type", "timestamp", "workspaceId"),
        *("userId", "userEmail", "credentialId", "credentialName", "data"),
    }


def test_an_event_that_the_stream_never_brings_is_found_by_the_sweep(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    registered(functions, receiver)
    functions.invoke("sweep", {})
    connect(functions)

    for _ in range(3):
        post.clock.ahead += timedelta(minutes=1)
        functions.invoke("sweep", {})
    before = list(receiver.asked)
    post.work()
    post.work()

    assert before == []
    assert post.shown()["status"] == "delivered"
    assert len(receiver.asked) == 1


def test_an_event_that_the_stream_brought_is_looked_for_no_more(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    registered(functions, receiver)
    functions.invoke("sweep", {})
    connect(functions)
    post.stream()
    post.work()

    for _ in range(5):
        post.clock.ahead += timedelta(minutes=1)
        functions.invoke("sweep", {})

    assert post.queued == []


def test_a_fan_out_that_was_killed_is_taken_up_by_the_sweep(
    functions: Functions, receiver: Loopback, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(functions, receiver)
    functions.invoke("sweep", {})
    connect(functions)
    event = only_event()
    with monkeypatch.context() as patch:
        patch.setattr(post, "send", killed)
        died = functions.invoke("fan_out", {"Records": [event]})

    for _ in range(3):
        post.clock.ahead += timedelta(minutes=1)
        functions.invoke("sweep", {})
    post.work()
    post.work()

    assert died == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert (post.shown()["status"], len(receiver.asked)) == ("delivered", 1)


def test_the_log_shows_what_the_receiver_answered_and_what_it_was_sent(
    functions: Functions, receiver: Loopback, post: Post
) -> None:
    registered(functions, receiver)
    receiver.answer = lambda _: Told(500, content=b"no \x1b[31mroom\0 \xff" + b"x" * 3000, headers={"X-Own": "mine"})
    connect(functions)
    post.stream()
    post.work()

    (attempt,) = post.shown()["attempts"]
    (asked,) = receiver.asked
    assert attempt["response"] == "no \ufffd[31mroom\ufffd \ufffd" + "x" * (2048 - 15)
    assert attempt["requestHeaders"].items() <= asked.headers.items()
    assert set(asked.headers) - set(attempt["requestHeaders"]) >= {"webhook-signature"}
    assert "mine" not in json.dumps(post.shown())


def killed(*_: object, **__: object) -> None:
    raise RuntimeError


def only_event() -> dict[str, Any]:
    """As the stream would bring it."""
    (row,) = [each for each in boto3.client("dynamodb").scan(TableName="events")["Items"] if "type" in each]
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": row}}
