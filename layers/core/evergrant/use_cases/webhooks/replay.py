"""Sending events again: one, or all of a time, to an endpoint that missed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evergrant.domain.caller import Caller
from evergrant.domain.errors import NotFoundError
from evergrant.domain.events import Event
from evergrant.domain.webhooks import Delivery, Endpoint, delivery_for
from evergrant.ports import Clock, Queue, Webhooks
from evergrant.use_cases.webhooks.endpoints import get_endpoint

PAGE = 100
AT_MOST = 1000
"""Events of one request; the answer's count says whether to ask again."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which events."""

    since: datetime
    until: datetime | None = None
    types: tuple[str, ...] = ()
    only_failed: bool = False

    def holds(self, event: Event) -> bool:
        """Whether the event is asked for."""
        return (self.until is None or event.at < self.until) and (not self.types or event.type in self.types)


def redeliver(
    caller: Caller,
    event_id: str,
    endpoint_id: str | None,
    *,
    webhooks: Webhooks,
    deliveries: Queue,
    clock: Clock,
) -> int:
    """How many deliveries of the event are on their way again. Raises: NotFoundError."""
    event = webhooks.event(caller.workspace_id, event_id)
    if event is None:
        raise NotFoundError("There is no such event in this workspace; events are kept for 90 days.")
    if endpoint_id is not None:
        targets: Sequence[Endpoint] = [get_endpoint(caller, endpoint_id, webhooks=webhooks)]
    else:
        targets = [each for each in webhooks.endpoints(caller.workspace_id) if each.hears(event)]
    return _send([(event, each) for each in targets], webhooks=webhooks, deliveries=deliveries, clock=clock)


def replay(
    caller: Caller, endpoint_id: str, window: Window, *, webhooks: Webhooks, deliveries: Queue, clock: Clock
) -> int:
    """How many events are on their way to this endpoint again, oldest last. Raises: NotFoundError."""
    endpoint = get_endpoint(caller, endpoint_id, webhooks=webhooks)
    found: list[tuple[Event, Endpoint]] = []
    after: str | None = None
    while len(found) < AT_MOST:
        page = webhooks.events(caller.workspace_id, since=window.since, limit=PAGE, after=after)
        wanted = [each for each in page.items if window.holds(each) and endpoint.hears(each)]
        found += [(each, endpoint) for each in wanted if not window.only_failed or _failed(each, endpoint, webhooks)]
        if page.next is None:
            break
        after = page.next
    return _send(found[:AT_MOST], webhooks=webhooks, deliveries=deliveries, clock=clock)


def _failed(event: Event, endpoint: Endpoint, webhooks: Webhooks) -> bool:
    known = webhooks.delivery(event.workspace_id, event.event_id, delivery_for(event, endpoint).delivery_id)
    return known is None or known.status in {"failed", "exhausted"}


def _send(found: Sequence[tuple[Event, Endpoint]], *, webhooks: Webhooks, deliveries: Queue, clock: Clock) -> int:
    """The same delivery again: its `webhook-id` stays the event's, so that a receiver can tell."""
    opened: list[Delivery] = []
    for event, endpoint in found:
        fresh = delivery_for(event, endpoint)
        known = webhooks.delivery(event.workspace_id, event.event_id, fresh.delivery_id)
        if known is None:
            webhooks.open_delivery(fresh.again(at=clock.now()))
        elif known.status != "pending":
            webhooks.change_delivery(known.again(at=clock.now()), attempts_read=len(known.attempts))
        opened.append(fresh)
    deliveries.send(
        [
            {"workspaceId": each.workspace_id, "eventId": each.event_id, "deliveryId": each.delivery_id}
            for each in opened
        ]
    )
    return len(opened)
