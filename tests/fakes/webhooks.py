"""Events, endpoints and deliveries in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from evergrant.domain import due
from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.replays import Replay
from evergrant.domain.webhooks import Delivery, Endpoint
from evergrant.ports.pacing import Slot
from evergrant.ports.pages import Page

from tests.builders import MINUTE, SECOND
from tests.fakes.directory import changed_meanwhile
from tests.fakes.lists import page_of

OVERDUE = 2 * MINUTE
"""What the queue was told is in the index only where it should have come long ago."""


class FakeWebhooks:
    """`Webhooks`."""

    def __init__(self) -> None:
        self._endpoints: dict[tuple[WorkspaceId, str], Endpoint] = {}
        self._events: dict[tuple[WorkspaceId, str], Event] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._due: dict[str, tuple[str, datetime]] = {}
        """By delivery or event: its path and when it is to be looked at."""

    def put_endpoint(self, endpoint: Endpoint) -> None:
        self._endpoints[endpoint.workspace_id, endpoint.endpoint_id] = endpoint

    def change_endpoint(self, new: Endpoint, *, read: Endpoint) -> bool:
        now = self.endpoint(read.workspace_id, read.endpoint_id)
        if now is None or now.version != read.version:
            return False
        changed = replace(new, version=read.version + 1)
        if _health(new) == _health(read):
            changed = replace(changed, failing_since=now.failing_since, disabled_reason=now.disabled_reason)
        self.put_endpoint(changed)
        return True

    def note_health(self, new: Endpoint, *, read: Endpoint, event: Event | None) -> bool:
        now = self.endpoint(read.workspace_id, read.endpoint_id)
        if now is None or (now.version, *_health(now)) != (read.version, *_health(read)):
            return False
        self.put_endpoint(replace(now, failing_since=new.failing_since, disabled_reason=new.disabled_reason))
        if event:
            self.put_event(event)
        return True

    def endpoint(self, workspace_id: WorkspaceId, endpoint_id: str) -> Endpoint | None:
        return self._endpoints.get((workspace_id, endpoint_id))

    def endpoints(self, workspace_id: WorkspaceId) -> Sequence[Endpoint]:
        found = [each for each in self._endpoints.values() if each.workspace_id == workspace_id]
        return sorted(found, key=lambda each: each.endpoint_id)

    def delete_endpoint(self, endpoint: Endpoint) -> None:
        self._endpoints.pop((endpoint.workspace_id, endpoint.endpoint_id), None)

    def put_event(self, event: Event) -> None:
        self._events[event.workspace_id, event.event_id] = event
        self._due[event.event_id] = (f"{event.workspace_id}/{event.event_id}", event.at + OVERDUE)

    def all(self) -> list[Event]:
        """Of all workspaces, in the order in which they were told."""
        return list(self._events.values())

    def mark_fanned_out(self, event: Event) -> None:
        self._due.pop(event.event_id, None)

    def scrub(self, event: Event) -> None:
        for each in self.deliveries(event.workspace_id, event.event_id):
            silent = tuple(replace(tried, response=None) for tried in each.attempts)
            self._deliveries[each.delivery_id] = replace(each, attempts=silent)
        name = None if "@" in (event.credential_name or "") else event.credential_name
        scrubbed = replace(event, user_email=None, credential_name=name)
        self._events[event.workspace_id, event.event_id] = scrubbed

    def event(self, workspace_id: WorkspaceId, event_id: str) -> Event | None:
        return self._events.get((workspace_id, event_id))

    def events(
        self, workspace_id: WorkspaceId, *, since: datetime | None, limit: int, after: str | None
    ) -> Page[Event]:
        found = [
            each
            for each in self._events.values()
            if each.workspace_id == workspace_id and (since is None or each.at >= since)
        ]
        return page_of(found, lambda each: each.event_id, limit=limit, after=after, newest_first=True)

    def count_events(self, workspace_id: WorkspaceId, *, since: datetime, until: datetime, most: int) -> int | None:
        found = [each for each in self._events.values() if each.workspace_id == workspace_id]
        count = sum(since <= each.at < until for each in found)
        return count if count <= most else None

    def open_delivery(self, delivery: Delivery) -> None:
        if delivery.delivery_id not in self._deliveries:
            self._keep(delivery, queued=True)

    def delivery(self, workspace_id: WorkspaceId, event_id: str, delivery_id: str) -> Delivery | None:
        found = self._deliveries.get(delivery_id)
        return found if found and (found.workspace_id, found.event_id) == (workspace_id, event_id) else None

    def deliveries(self, workspace_id: WorkspaceId, event_id: str) -> Sequence[Delivery]:
        found = [each for each in self._deliveries.values() if self.delivery(workspace_id, event_id, each.delivery_id)]
        return sorted(found, key=lambda each: each.delivery_id)

    def change_delivery(self, delivery: Delivery, *, attempts_read: int, queued: bool) -> None:
        now = self._deliveries.get(delivery.delivery_id)
        if now is None or len(now.attempts) != attempts_read:
            raise changed_meanwhile()
        self._keep(delivery, queued=queued)

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[str, datetime]]:
        found = [(path, at) for path, at in self._due.values() if at <= until]
        return [(path, at) for path, at in found if due.slot(path, at=at).partition == partition]

    def look_at(self, name: str, path: str, at: datetime | None) -> None:
        """Its place in the index; None takes it out."""
        self._due.pop(name, None)
        if at:
            self._due[name] = (path, at)

    def _keep(self, delivery: Delivery, *, queued: bool) -> None:
        self._deliveries[delivery.delivery_id] = delivery
        at = delivery.next_attempt_at
        path = f"{delivery.workspace_id}/{delivery.event_id}/{delivery.delivery_id}"
        self.look_at(delivery.delivery_id, path, at + OVERDUE if at and queued else at)


def _health(endpoint: Endpoint) -> tuple[datetime | None, str | None]:
    return endpoint.failing_since, endpoint.disabled_reason


class FakeReplays:
    """`Replays`; what runs stands in the index of `webhooks`."""

    def __init__(self, webhooks: FakeWebhooks) -> None:
        self._webhooks = webhooks
        self._replays: dict[tuple[WorkspaceId, str], Replay] = {}

    def open(self, replay: Replay) -> Replay:
        there = self.replay(replay.workspace_id, replay.replay_id)
        if there is None:
            self._keep(replay)
        return there or replay

    def replay(self, workspace_id: WorkspaceId, replay_id: str) -> Replay | None:
        return self._replays.get((workspace_id, replay_id))

    def replays(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[Replay]:
        found = [each for each in self._replays.values() if each.workspace_id == workspace_id]
        return page_of(found, lambda each: each.replay_id, limit=limit, after=after, newest_first=True)

    def change(self, new: Replay, *, read: Replay) -> bool:
        now = self.replay(read.workspace_id, read.replay_id)
        if now is None or now.step != read.step or not now.is_running:
            return False
        self._keep(new)
        return True

    def _keep(self, replay: Replay) -> None:
        self._replays[replay.workspace_id, replay.replay_id] = replay
        path = f"{replay.workspace_id}/{replay.replay_id}"
        self._webhooks.look_at(replay.replay_id, path, replay.look_at if replay.is_running else None)


class FakeSlots:
    """`Slots`."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str, int], Slot] = {}

    def take(self, endpoint: Endpoint, *, at: datetime) -> Slot | None:
        for number in range(endpoint.at_once):
            place = (endpoint.workspace_id, endpoint.endpoint_id, number)
            if place not in self._taken or self._taken[place].until <= at:
                self._taken[place] = Slot(*place, until=at + 20 * SECOND)  # type: ignore[arg-type]  # ids
                return self._taken[place]
        return None

    def give_back(self, slot: Slot) -> None:
        place = (slot.workspace_id, slot.endpoint_id, slot.number)
        if self._taken.get(place) == slot:
            del self._taken[place]
