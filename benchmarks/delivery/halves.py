"""A receiver that fails half of the time gets everything, knows each again, and can verify it.

`python -m benchmarks.delivery.halves [--events N] [--json]`: through the handlers over the emulator, in virtual time,
with a receiver on loopback; minutes in which nothing is due are left out. It fails half of the time for longer than ten
attempts take; now and then it takes a delivery and its answer is lost; and the queue brings one message of fifty twice.
What was given up (about one of a thousand) is sent by a replay at the end.
"""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
from evergrant.adapters.dynamodb.events import event_item
from evergrant.domain.due import minute_of
from evergrant.domain.ids import EventId, WorkspaceId
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring
from moto import mock_aws

from benchmarks.renewal.emulated import emulated
from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.builders import DAY, HOUR, MINUTE, an_event
from tests.functions.deployment import Functions, deployed, forget_wiring
from tests.functions.loopback import Asked, Told, provider
from tests.functions.virtual import DELIVERIES, VirtualTime, virtual
from tests.misbehaving import hang_up
from tests.signatures import at_any_time, is_verified

WHOLE = 84 * HOUR
"""Longer than ten attempts with all their jitter."""
A_BATCH = 10
"""Records that the stream brings at once, as the template says."""
BATCHES_A_MINUTE = 10
LOST = TWICE = 0.02
OF_ALL = 0.01
"""So many more may come twice, beside those whose answer was lost."""


@dataclass
class Receiver:
    """It says 500 half of the time, and of what it takes, some answers are lost."""

    secret: str = ""
    failing: float = 0.5
    losing: float = LOST
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  # the same each time
    refused: int = 0
    lost: int = 0
    unverified: int = 0
    taken: Counter[str] = field(default_factory=Counter[str])

    def answer(self, asked: Asked) -> Told:
        """`Loopback`'s."""
        if self.chance.random() < self.failing:
            self.refused += 1
            return Told(500)
        self.unverified += not is_verified(self.secret, asked.headers, asked.body)
        self.taken[asked.headers["webhook-id"]] += 1
        if self.chance.random() < self.losing:
            self.lost += 1
            return Told(instead=hang_up)
        return Told(204)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the receiver saw."""

    events: int
    refused: int
    lost: int
    """Answers."""
    given_up: int
    """Sent by the replay."""
    delivered: int
    foreign: int
    """Ids that are no event's."""
    again: int
    """Deliveries of what it had already taken."""
    unverified: int


def delivered(
    events: int,
    *,
    bad_for: timedelta,
    twice: float = TWICE,
    lost: float = LOST,
    aws: Callable[[], AbstractContextManager[object]] = mock_aws,
) -> Seen:
    """So many events, at a receiver that has bad days for so long, and is well when they are sent again.

    `twice`, `lost`: of the queue's messages, and of the receiver's answers.
    """
    local = {"ALLOW_LOOPBACK": "true", "RENEWALS_PAUSED": "true"}
    with deployed(aws) as functions, patch.dict(os.environ, local), provider() as server, at_any_time():
        forget_wiring()
        with virtual(functions, DELIVERIES) as time:
            receiver = Receiver(losing=lost)
            server.answer = receiver.answer
            time.brings_twice = lambda: receiver.chance.random() < twice
            return _delivered(functions, f"{server.url}/hook", receiver, time, events, bad_for)


def _delivered(
    functions: Functions, url: str, receiver: Receiver, time: VirtualTime, events: int, bad_for: timedelta
) -> Seen:
    content = {"url": url, "events": ["credential.updated"]}
    endpoint = _call(functions, "/webhooks/endpoints", content)
    receiver.secret = endpoint["secret"]
    began = time.now()
    time.sweep()
    known = _happened(functions, time, events)
    while time.now() - began < bad_for:
        if time.is_idle:
            _leap(time, at_most=began + bad_for)
        time.pass_(MINUTE)
        passed = time.now() - began
        progress(f"{len(receiver.taken):,} of {events:,} delivered, {passed / HOUR:.1f} of {bad_for / HOUR:.1f} hours")
    receiver.failing = 0
    given_up = _replayed(functions, time, endpoint["endpointId"], since=iso(began - DAY))
    progress_over()
    return Seen(
        events,
        receiver.refused,
        receiver.lost,
        given_up,
        len(known & set(receiver.taken)),
        len(set(receiver.taken) - known),
        receiver.taken.total() - len(receiver.taken),
        receiver.unverified,
    )


def _happened(functions: Functions, time: VirtualTime, events: int) -> set[str]:
    """As the stream brings them, some each minute; their ids."""
    known: set[str] = set()
    while len(known) < events:
        for _ in range(BATCHES_A_MINUTE):
            some = [_event(functions, time) for _ in range(min(A_BATCH, events - len(known)))]
            known |= {record["dynamodb"]["NewImage"]["sk"]["S"] for record in some}
            assert functions.invoke("fan_out", {"Records": some}) == {"batchItemFailures": []}
        progress(f"{len(known):,} of {events:,} happened")
        time.pass_(MINUTE)
    return known


def _leap(time: VirtualTime, *, at_most: datetime) -> None:
    """To shortly before what is due next: the sweeps of the minutes between would find nothing."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="events", IndexName="due")
    dues = [int(item["due_sort"]["S"].partition("#")[0]) / 1000 for page in pages for item in page["Items"]]
    until = min(datetime.fromtimestamp(min(dues), UTC) - 2 * MINUTE if dues else at_most, at_most)
    time.skip(max(until - time.now(), timedelta(0)))
    for kind in assembly.timed().values():
        kind.cursor.move(minute_of(time.now()))


def _event(functions: Functions, time: VirtualTime) -> dict[str, Any]:
    event = an_event(
        event_id=EventId(wiring.identities().new("evt")),
        workspace_id=WorkspaceId(functions.workspace_id),
        type="credential.updated",
        at=time.now(),
    )
    wiring.webhooks().put_event(event)
    image = event_item(event, retention=90 * DAY)
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": event.event_id, "NewImage": image}}


def _replayed(functions: Functions, time: VirtualTime, endpoint_id: str, *, since: str) -> int:
    """How many were sent again: all that did not arrive."""
    begun = _call(functions, f"/webhooks/endpoints/{endpoint_id}/replay", {"since": since, "onlyFailed": True})
    while True:
        time.pass_(MINUTE)
        path = f"/webhooks/replays/{begun['replayId']}"
        replay = functions.call("webhook_endpoints", "GET", path).body
        if replay["state"] != "running":
            assert replay["state"] == "done", replay
            time.pass_(MINUTE)
            return replay["replayed"]


def _call(functions: Functions, path: str, content: object) -> Any:
    answer = functions.call("webhook_endpoints", "POST", path, content)
    assert answer.status < 300, json.dumps(answer.body)
    return answer.body


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, events=10_000)
    seen = delivered(asked.events, bad_for=WHOLE, aws=emulated)
    report = Report(
        "A receiver that fails half of the time",
        ("events", "refused", "answers lost", "given up, replayed", "delivered", "came again", "not verified"),
        [[seen.events, seen.refused, seen.lost, seen.given_up, seen.delivered, seen.again, seen.unverified]],
        promises(seen),
    )
    return finish(report, as_json=asked.json)


def promises(seen: Seen) -> list[Promise]:
    """What the README says."""
    return [
        Promise("Every event is delivered.", seen.delivered == seen.events),
        Promise("Every id is the event's own, however often it comes.", seen.foreign == 0),
        Promise("Each delivery is verified by Standard Webhooks' own library.", seen.unverified == 0),
        Promise(
            "What comes again does so for a lost answer; beside those, at most 1 %.",
            seen.again <= seen.lost + OF_ALL * seen.events,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
