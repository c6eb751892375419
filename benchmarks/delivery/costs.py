"""What a million notifications cost in AWS at list prices (us-east-1, without the free tier), each call counted.

`python -m benchmarks.delivery.costs [--call MS] [--receiver MS] [--own MS] [--json]`: calls and their sizes are counted
as the handlers make them, warm. How long Lambda is paid for is computed: `--call` ms for a call of AWS, `--receiver` ms
until a receiver has answered, `--own` ms for the rest of an invocation. Lambda's reading of a stream costs nothing.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from evergrant.runtime import wiring

from benchmarks.deployment import Deployment, running
from benchmarks.report import Cell, Promise, Report, arguments, finish
from benchmarks.units import Units, counting, size, written
from tests.functions.hooks import Receivers, registered, rows

A_WRITE, A_READ = 0.625e-6, 0.125e-6
"""DynamoDB on demand, a unit."""
A_MESSAGE_CALL = 0.40e-6
"""SQS, a request."""
AN_INVOCATION, A_GB_SECOND = 0.20e-6, 13.3334e-6
"""Lambda on arm64."""
AN_EVENT_ON_A_BUS = 1.00e-6
A_LOGGED_GB, A_SENT_GB, A_STORED_GB_MONTH, A_BACKED_UP_GB_MONTH = 0.50, 0.09, 0.25, 0.20
GB = 1e9
MEMORY_GB = 0.5
RECEIVED_AND_DELETED = 2
"""Calls of Lambda's own for each message: the queue's batches are of one."""
OF_A_STREAM = 10
"""Records of one invocation, where much happens."""
MONTHS = 3
"""Events and deliveries are kept."""
LOG_BYTES, SENT_BYTES = 1_200, 6_000
"""Of an invocation, Lambda's own lines with ours; of a delivery, with TLS. Estimated."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    call: int
    receiver: int
    own: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one event on its way to one receiver."""

    says: str
    writes: float = 0
    reads: float = 0
    queue_calls: float = 0
    invocations: float = 0
    seconds: float = 0
    """Of Lambda."""
    further: float = 0
    """Dollars: what has no column."""

    @property
    def dollars(self) -> float:
        """Of one."""
        return (
            self.writes * A_WRITE
            + self.reads * A_READ
            + self.queue_calls * A_MESSAGE_CALL
            + self.invocations * (AN_INVOCATION + LOG_BYTES / GB * A_LOGGED_GB)
            + self.seconds * MEMORY_GB * A_GB_SECOND
            + self.further
        )

    def row(self) -> list[Cell]:
        """Of a million."""
        gb_seconds = self.seconds * MEMORY_GB * MILLION
        columns = (self.writes, self.reads, self.queue_calls, self.invocations)
        return [self.says, *map(float, columns), round(gb_seconds), self.dollars * MILLION]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the handlers did, warm; and the rows that stay."""

    fan_out: Units
    delivery: Units
    failure: Units
    event: Mapping[str, Any]
    row: Mapping[str, Any]
    """Of the delivery."""


def counted() -> Counted:
    """One change of a credential for one receiver: it is told, then it fails once."""
    answers = Receivers()

    def everywhere(_: str) -> Receivers:
        return answers

    with running() as deployment, patch.object(wiring, "http_client_for", everywhere):
        registered(deployment.functions, "credential.updated")
        credential_id = deployment.create_credential()
        cold, warm = (_Change(deployment, credential_id, name) for name in ("cold", "warm"))
        _, _, fan_out, delivery = cold.fan_out(), cold.deliver(), warm.fan_out(), warm.deliver()
        row = warm.row
        answers.answer = lambda _: 500
        failing = _Change(deployment, credential_id, "failing")
        failing.fan_out()
        return Counted(fan_out, delivery, failing.deliver(), warm.event, row)


class _Change:
    """One change of a credential, and what follows."""

    def __init__(self, deployment: Deployment, credential_id: str, name: str) -> None:
        self._functions = deployment.functions
        known = {each["sk"]["S"] for each in rows("event")}
        deployment.call("patch_credential", "PATCH", f"/credentials/{credential_id}", {"name": name})
        (self.event,) = (each for each in rows("event") if each["sk"]["S"] not in known)

    @property
    def row(self) -> dict[str, Any]:
        """Of its delivery."""
        (found,) = (each for each in rows("delivery") if each["event_id"] == self.event["sk"])
        return found

    def fan_out(self) -> Units:
        return self._invoked("fan_out", {"eventName": "INSERT", "dynamodb": {"NewImage": self.event}})

    def deliver(self) -> Units:
        names = {"workspaceId": "workspace_id", "eventId": "event_id", "deliveryId": "sk"}
        message = {name: self.row[field]["S"] for name, field in names.items()}
        return self._invoked("deliver", {"messageId": "1", "body": json.dumps(message)})

    def _invoked(self, function: str, record: Mapping[str, Any]) -> Units:
        with counting() as units:
            answer = self._functions.invoke(function, {"Records": [record]})
        assert answer == {"batchItemFailures": []}
        return units


def steps(found: Counted, times: Times) -> dict[str, Step]:
    """With their prices."""
    stored = (size(found.event) + size(found.row)) / GB * MONTHS * (A_STORED_GB_MONTH + A_BACKED_UP_GB_MONTH)
    return {
        "event": Step("the event, in its change's transaction", writes=written({}, found.event, times=2)),
        "fan_out": _step("fan-out to one endpoint", found.fan_out, times, at_once=OF_A_STREAM),
        "delivery": _attempt("a delivery", found.delivery, times),
        "stored": Step(f"both rows for {MONTHS} months, backed up", further=stored),
        "failure": _attempt("an attempt that fails", found.failure, times),
    }


def _attempt(says: str, units: Units, times: Times) -> Step:
    """At a receiver, of a message that the queue brings."""
    step = _step(says, units, times, waits=times.receiver)
    return replace(step, queue_calls=step.queue_calls + RECEIVED_AND_DELETED, further=SENT_BYTES / GB * A_SENT_GB)


def _step(says: str, units: Units, times: Times, *, waits: int = 0, at_once: int = 1) -> Step:
    """An invocation does so many `at_once`, one after the other."""
    queue_calls = sum(number for name, number in units.calls.items() if name.startswith("sqs."))
    seconds = (units.calls.total() * times.call + waits + times.own / at_once) / 1000
    return Step(says, units.writes, units.reads, queue_calls, 1 / at_once, seconds)


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, call=5, receiver=200, own=20)
    found = counted()
    each = steps(found, Times(asked.call, asked.receiver, asked.own))
    arrived = [each[name] for name in ("event", "fan_out", "delivery", "stored")]
    in_all = sum(step.dollars for step in arrived) * MILLION
    blank: list[Cell] = [None] * 5
    report = Report(
        "A million notifications to one receiver, at list prices",
        ("", "write units", "read units", "queue requests", "invocations", "GB-s of a million", "$ a million"),
        [
            *(step.row() for step in arrived),
            ["in all", *blank, in_all],
            each["failure"].row(),
            ["a bus in the receiver's place", *blank, AN_EVENT_ON_A_BUS * MILLION],
            ["a queue in the receiver's place", *blank, A_MESSAGE_CALL * MILLION],
        ],
        promises(found),
    )
    return finish(report, as_json=asked.json)


def promises(found: Counted) -> list[Promise]:
    """What the README says of the calls."""
    return [
        Promise(
            "A fan-out is one query, a write an endpoint, one message a ten of them, and its mark.",
            found.fan_out.calls
            == {"dynamodb.Query": 1, "dynamodb.PutItem": 1, "sqs.SendMessageBatch": 1, "dynamodb.UpdateItem": 1},
        ),
        Promise(
            "A delivery reads four rows and writes three, one of them twice.",
            found.delivery.calls == {"dynamodb.GetItem": 4, "dynamodb.UpdateItem": 2, "dynamodb.PutItem": 1},
        ),
        Promise("Neither asks KMS, warm.", not any(name.startswith("kms.") for name in found.delivery.calls)),
    ]


if __name__ == "__main__":
    sys.exit(main())
