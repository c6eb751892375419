"""Workers of notifications that are killed at every step: nothing is lost, and what comes again bears the same id."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from tests.builders import MINUTE
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.faults import KilledError, killed_at
from tests.functions.hooks import Receivers, Sent, deliveries, on, receivers, registered, rows
from tests.functions.virtual import DELIVERIES, VirtualTime, virtual

__all__ = ["receivers"]  # A fixture that these tests take.
Loss = Callable[[VirtualTime], object]
LOSSES: dict[str, Loss] = {"the message comes again": lambda _: None, "the message is gone": VirtualTime.lose}


@pytest.fixture
def time(functions: Functions, receivers: Receivers, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualTime]:
    """Each receiver fails once, so that an attempt has all the steps that there are."""
    monkeypatch.setenv("RENEWALS_PAUSED", "true")
    forget_wiring()
    tried = Counter[str]()

    def first_fails(sent: Sent) -> int:
        tried[sent.headers["webhook-id"]] += 1
        return 500 if tried[sent.headers["webhook-id"]] == 1 else 204

    receivers.answer = first_fails
    with virtual(functions, DELIVERIES) as made:
        made.sweep()
        yield made


def happened(functions: Functions) -> dict[str, Any]:
    """An event for an endpoint of its own, as the stream brings it."""
    known = {row["sk"]["S"] for row in rows("event")}
    assert on(functions, "POST", registered(functions), "/test").status == 202
    (image,) = (row for row in rows("event") if row["sk"]["S"] not in known)
    return {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": "1"}}


def fan_out(functions: Functions, record: dict[str, Any]) -> None:
    with suppress(KilledError):
        functions.invoke("fan_out", {"Records": [record]})


def assert_all_arrived(functions: Functions, receivers: Receivers) -> None:
    """And each under its own id alone."""
    ids = [row["sk"]["S"] for row in rows("event")]
    statuses = [[found["status"] for found in deliveries(functions, each)] for each in ids]
    assert statuses == [["delivered"]] * len(ids)
    assert {each.headers["webhook-id"] for each in receivers.sent} == set(ids)


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after it"])
@pytest.mark.parametrize("loss", LOSSES)
def test_fault_44_a_worker_killed_at_any_step_of_an_attempt_loses_nothing(
    functions: Functions, receivers: Receivers, time: VirtualTime, loss: str, *, after: bool
) -> None:
    steps: list[str] = []
    for step in count():
        fan_out(functions, happened(functions))
        with killed_at(step, after=after) as died:
            time.pass_(0 * MINUTE)
        LOSSES[loss](time)
        steps += died
        if not died:
            break

    time.pass_(5 * MINUTE)

    # Reads of delivery, endpoint and event, the slot taken and given back, the attempt and the health noted.
    assert {"GetItem": 4, "UpdateItem": 3, "PutItem": 1}.items() <= Counter(steps).items()
    assert_all_arrived(functions, receivers)


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after it"])
@pytest.mark.parametrize("is_silent", [False, True], ids=["the stream comes again", "the stream is silent"])
def test_fault_44_a_fan_out_killed_at_any_step_loses_nothing(
    functions: Functions, receivers: Receivers, time: VirtualTime, *, after: bool, is_silent: bool
) -> None:
    steps: list[str] = []
    for step in count():
        record = happened(functions)
        with killed_at(step, after=after) as died:
            fan_out(functions, record)
        if is_silent:
            time.lose()
        else:
            fan_out(functions, record)
        steps += died
        if not died:
            break

    time.pass_(5 * MINUTE)

    assert steps == ["Query", "PutItem", "UpdateItem"]
    assert_all_arrived(functions, receivers)
