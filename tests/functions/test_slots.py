"""Slots: an endpoint that hangs holds up a few workers, never all of them; and what waits for it waits cheaply."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evergrant.domain.webhooks import AT_ONCE
from evergrant.runtime import wiring

from tests.functions.deployment import Functions
from tests.functions.hooks import Receivers, Sent, deliver, fan_out, on, only_delivery, receivers, registered, rows
from tests.functions.sweeps import Travelling

__all__ = ["receivers"]  # Fixtures that these tests take.


@dataclass
class Workers:
    """The queue of deliveries, each of which a worker of its own takes."""

    functions: Functions
    queued: list[dict[str, Any]]

    def one_more(self) -> None:
        """It may begin while the others are at theirs."""
        records = [{"messageId": "1", "body": json.dumps(self.queued.pop())}]
        assert self.functions.invoke("deliver", {"Records": records}) == {"batchItemFailures": []}


def queued(functions: Functions, endpoint: dict[str, Any], count: int) -> Workers:
    known = {row["sk"]["S"] for row in rows("delivery")}
    for _ in range(count):
        assert on(functions, "POST", endpoint, "/test").status == 202
    fan_out(functions)
    new = [row for row in rows("delivery") if row["sk"]["S"] not in known]
    return Workers(
        functions,
        [
            {"workspaceId": row["workspace_id"]["S"], "eventId": row["event_id"]["S"], "deliveryId": row["sk"]["S"]}
            for row in new
        ],
    )


def test_attack_59_an_endpoint_that_hangs_holds_up_so_many_workers_and_no_more(
    functions: Functions, receivers: Receivers
) -> None:
    workers = queued(functions, registered(functions), AT_ONCE + 1)

    def hanging(_: Sent) -> int:
        if workers.queued:
            workers.one_more()
        return 204

    receivers.answer = hanging
    workers.one_more()

    statuses = [each["status"]["S"] for each in rows("delivery")]
    assert len(receivers.sent) == AT_ONCE
    assert sorted(statuses) == ["delivered"] * AT_ONCE + ["pending"]


def test_attack_60_a_failing_endpoint_gets_one_worker_at_a_time(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)
    receivers.answer = lambda _: 500
    queued(functions, endpoint, 1).one_more()
    workers = queued(functions, endpoint, 2)

    def hanging(_: Sent) -> int:
        if workers.queued:
            workers.one_more()
        return 500

    receivers.answer = hanging
    workers.one_more()

    assert len(receivers.sent) == 2


def test_what_was_held_up_is_sent_when_there_is_room(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = registered(functions)
    queued(functions, endpoint, 1)
    taken = [wiring.slots().take(stored(functions, endpoint), at=clock.now()) for _ in range(AT_ONCE)]
    deliver(functions)
    held_up = only_delivery(functions)

    for each in taken:
        assert each
        wiring.slots().give_back(each)
    clock.ahead = datetime.fromisoformat(held_up["nextAttemptAt"]) - clock.now()
    deliver(functions)

    assert (held_up["status"], held_up["attempts"]) == ("pending", [])
    assert only_delivery(functions)["status"] == "delivered"


def test_fault_44_the_slot_of_a_worker_that_died_is_free_after_its_time(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = stored(functions, registered(functions))
    taken = [wiring.slots().take(endpoint, at=clock.now()) for _ in range(AT_ONCE + 1)]

    later = wiring.slots().take(endpoint, at=clock.now() + timedelta(seconds=21))

    assert [each is None for each in taken] == [False] * AT_ONCE + [True]
    assert later


def test_a_slot_that_ended_is_not_given_back_for_another(functions: Functions, clock: Travelling) -> None:
    endpoint = stored(functions, registered(functions))
    late = wiring.slots().take(endpoint, at=clock.now())
    assert late
    then = clock.now() + timedelta(seconds=21)
    others = [wiring.slots().take(endpoint, at=then) for _ in range(AT_ONCE)]

    wiring.slots().give_back(late)

    assert all(others)
    assert wiring.slots().take(endpoint, at=then) is None


def stored(functions: Functions, endpoint: dict[str, Any]) -> Any:
    return wiring.webhooks().endpoint(functions.workspace_id, endpoint["endpointId"])  # type: ignore[arg-type]  # an id
