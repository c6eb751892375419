"""Queues of messages that name things."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from evergrant.adapters.aws import client
from evergrant.adapters.sqs.queue import SqsQueue
from evergrant.domain.errors import UnavailableError
from evergrant.ports.queues import Queue

from tests.fakes.work import FakeQueue


@dataclass
class Exam:
    """A queue, and what has come out of it."""

    queue: Queue
    arrived: Callable[[], list[Any]]


def over_sqs(sqs: Any, url: str) -> Exam:
    def arrived() -> list[Any]:
        found: list[Any] = []
        while more := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(each["Body"]) for each in more]
        return found

    return Exam(SqsQueue(sqs, url), arrived)


@pytest.fixture(params=["fake", "sqs"])
def exam(request: pytest.FixtureRequest) -> Iterator[Exam]:
    if request.param == "fake":
        fake = FakeQueue()
        yield Exam(fake, lambda: [message for delay, message in fake.sent if delay == 0])
        return
    request.getfixturevalue("aws")
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="exam")["QueueUrl"]
    yield over_sqs(sqs, url)
    sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize("count", [0, 1, 10, 25])
def test_all_messages_arrive_each_once(exam: Exam, count: int) -> None:
    messages = [{"credentialId": f"cred_{number}", "due": None} for number in range(count)]

    exam.queue.send(messages)

    assert sorted(exam.arrived(), key=str) == sorted(messages, key=str)


def test_a_message_with_a_delay_does_not_arrive_at_once(exam: Exam) -> None:
    exam.queue.send([{"name": "later"}], delay_seconds=900)
    exam.queue.send([{"name": "now"}])

    assert exam.arrived() == [{"name": "now"}]


def test_fault_45_a_longer_delay_than_the_queue_takes_is_refused(exam: Exam) -> None:
    with pytest.raises(UnavailableError):
        exam.queue.send([{"name": "much later"}], delay_seconds=901)

    assert exam.arrived() == []
