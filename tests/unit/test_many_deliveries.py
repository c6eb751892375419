"""Many events and one receiver with bad days, over the whole schedule, on a clock that the test moves."""

import heapq
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from evergrant.adapters.http.receivers import ReceiverCarrier
from evergrant.adapters.http.signing import sign
from evergrant.domain.errors import ProviderTimeoutError
from evergrant.domain.replays import Replay
from evergrant.ports.http import HttpAnswer
from evergrant.use_cases.renewals.sweep import deliveries_due, sweep_due
from evergrant.use_cases.webhooks.deliver import deliver
from evergrant.use_cases.webhooks.endpoints import rotate_secret, secret_context
from evergrant.use_cases.webhooks.fan_out import fan_out
from evergrant.use_cases.webhooks.replay import Replayer
from pydantic import SecretBytes

from tests.builders import HOUR, MINUTE, NOON, SECOND, WORKSPACE, an_endpoint, an_event, an_id
from tests.fakes.deployment import CALLER, FakeDeployment, identities_of_one_request
from tests.signatures import at_any_time, is_verified

EVENTS = 1000
FIRST = "whsec_" + "A" * 32
WHOLE = 84 * HOUR
"""Longer than the schedule with all its jitter."""


@dataclass
class Waiting:
    """`Queue`, as time goes by."""

    now: Any
    messages: list[tuple[datetime, int, Mapping[str, object]]] = field(default_factory=list[Any])
    _numbers: Any = field(default_factory=count)

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        at = self.now() + delay_seconds * SECOND
        for each in messages:
            heapq.heappush(self.messages, (at, next(self._numbers), each))


@dataclass
class World:
    """A deployment, its queue, and a receiver that says 500 half of the time, and now and then nothing at all."""

    deployment: FakeDeployment = field(default_factory=FakeDeployment)
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  # the same each time
    received: list[tuple[datetime, dict[str, str], bytes]] = field(default_factory=list[Any])
    """What was taken: the answer was 2xx, though it may have been lost."""
    lost: int = 0
    failing: float = 0.5

    def __post_init__(self) -> None:
        self.queue = Waiting(self.deployment.clock.now)
        endpoint = an_endpoint(events=("credential.created",))
        sealed = self.deployment.sealer.seal(SecretBytes(FIRST.encode()), secret_context(endpoint, 1))
        self.endpoint = an_endpoint(events=("credential.created",), sealed_secret=sealed)
        self.deployment.storage.webhooks.put_endpoint(self.endpoint)

    def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, **_: object) -> HttpAnswer:
        """`HttpClient`."""
        if self.chance.random() < self.failing:
            return HttpAnswer(500, {}, b"")
        self.received.append((self.deployment.clock.now(), dict(headers), body))
        if self.chance.random() < 0.02:
            self.lost += 1
            raise ProviderTimeoutError("late")
        return HttpAnswer(204, {}, b"")

    def happen(self, number: int) -> None:
        at, store = self.deployment.clock.now(), self.deployment.storage
        event = an_event(event_id=an_id("evt", number + 1, at=at), at=at)
        store.webhooks.put_event(event)
        fan_out(event, webhooks=store.webhooks, directory=store.directory, deliveries=self.queue)

    def happen_each_minute(self, numbers: range) -> None:
        for number in numbers:
            self.happen(number)
            self.pass_(MINUTE)

    def pass_(self, time: timedelta) -> None:
        """Sweep each minute, and work off what the queue brings."""
        clock, store = self.deployment.clock, self.deployment.storage
        kinds = {"notifications": deliveries_due(store.webhooks, queue=self.queue, cursor=store.cursor)}
        for _ in range(time // MINUTE):
            sweep_due(kinds, clock=clock, has_time=lambda: True)
            end = clock.now() + MINUTE
            while self.queue.messages and self.queue.messages[0][0] <= end:
                at, _, message = heapq.heappop(self.queue.messages)
                clock.pass_(max(at - clock.now(), timedelta(0)))
                self.deliver(message)
            clock.pass_(end - clock.now())

    def deliver(self, message: Mapping[str, Any]) -> None:
        store, made = self.deployment.storage, self.deployment
        deliver(
            message["workspaceId"],
            message["eventId"],
            message["deliveryId"],
            webhooks=store.webhooks,
            slots=store.slots,
            sealer=made.sealer,
            carrier=lambda _: ReceiverCarrier(self),  # type: ignore[arg-type]  # the one call that is made
            deliveries=self.queue,
            sign=sign,
            clock=made.clock,
            entropy=made.entropy,
        )

    def replay_failed(self) -> Replay:
        """Of all that happened."""
        store, made = self.deployment.storage, self.deployment
        return Replayer(store.webhooks, store.replays, store.directory, self.queue, made.clock).start(
            CALLER,
            self.endpoint.endpoint_id,
            since=NOON,
            until=None,
            types=(),
            only_failed=True,
            identities=identities_of_one_request(),
        )

    def verified(self, secret: str) -> list[bool]:
        """By the specification's own library, of each that was received."""
        return [is_verified(secret, headers, body) for _, headers, body in self.received]


@pytest.fixture(autouse=True)
def virtual_time() -> Iterator[None]:
    with at_any_time():
        yield


def test_fault_39_a_receiver_that_fails_half_of_the_time_gets_all_and_knows_each_again() -> None:
    world = World()
    for number in range(EVENTS):
        world.happen(number)
    world.pass_(WHOLE)
    arrived = {headers["webhook-id"] for _, headers, _ in world.received}
    world.failing = 0

    replayed = world.replay_failed()
    world.pass_(10 * MINUTE)

    times = Counter(headers["webhook-id"] for _, headers, _ in world.received)
    assert len(arrived) >= EVENTS * 0.99
    assert replayed.state == "done"
    assert len(times) == EVENTS
    assert sum(times.values()) - EVENTS <= world.lost
    assert all(world.verified(FIRST))


def test_fault_40_what_was_given_up_is_delivered_by_a_replay() -> None:
    world = World(failing=1)
    world.happen(0)
    world.pass_(WHOLE)
    (event,) = world.deployment.storage.webhooks.events(WORKSPACE, since=None, limit=9, after=None).items
    (given_up,) = world.deployment.storage.webhooks.deliveries(WORKSPACE, event.event_id)
    world.failing = 0

    replayed = world.replay_failed()
    world.pass_(MINUTE)

    (after,) = world.deployment.storage.webhooks.deliveries(WORKSPACE, event.event_id)
    assert (given_up.status, len(given_up.attempts)) == ("exhausted", 10)
    assert (replayed.state, replayed.replayed) == ("done", 1)
    assert (after.status, len(after.attempts)) == ("delivered", 1)
    assert [headers["webhook-id"] for _, headers, _ in world.received] == [event.event_id]


def test_attack_57_under_load_both_secrets_verify_until_the_overlap_ends_and_then_the_new_one_alone() -> None:
    world = World()
    made, overlap = world.deployment, 2 * HOUR
    world.happen_each_minute(range(60))

    _, secret = rotate_secret(
        CALLER,
        world.endpoint.endpoint_id,
        overlap,
        webhooks=made.storage.webhooks,
        sealer=made.sealer,
        clock=made.clock,
        entropy=made.entropy,
    )
    rotated = made.clock.now()
    world.happen_each_minute(range(60, 240))
    world.pass_(WHOLE)

    by_old, by_new = world.verified(FIRST), world.verified(secret.get_secret_value())
    for (at, _, _), old_verifies, new_verifies in zip(world.received, by_old, by_new, strict=True):
        assert (old_verifies, new_verifies) == (at < rotated + overlap, at >= rotated)
    assert {(old, new) for old, new in zip(by_old, by_new, strict=True)} == {(True, False), (True, True), (False, True)}
