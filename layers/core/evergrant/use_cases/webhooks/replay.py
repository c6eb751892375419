"""Sending events again: one, or all of a time, to an endpoint that missed them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from evergrant.domain.caller import Caller
from evergrant.domain.errors import ConflictError, NotFoundError
from evergrant.domain.events import Event
from evergrant.domain.webhooks import Delivery, Endpoint, delivery_for
from evergrant.ports import Clock, Directory, Queue, Webhooks
from evergrant.use_cases.webhooks.endpoints import get_awake
from evergrant.use_cases.webhooks.fan_out import hearers

PAGE = 100
AT_MOST = 1000
"""Events of one request; the answer's count says whether to ask again."""
TRIES = 5
"""To open a delivery again that a worker is trying."""


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
    directory: Directory,
    deliveries: Queue,
    clock: Clock,
) -> int:
    """How many deliveries of the event are on their way again.

    Raises: NotFoundError; for a named endpoint as `get_awake`.
    """
    event = webhooks.event(caller.workspace_id, event_id)
    if event is None:
        raise NotFoundError("There is no such event in this workspace. Events are kept for a time, not for ever.")
    if endpoint_id is not None:
        targets = [get_awake(caller, endpoint_id, webhooks=webhooks)]
    else:
        targets = hearers(event, webhooks.endpoints(caller.workspace_id), directory=directory)
    return _send([(event, each) for each in targets], webhooks=webhooks, deliveries=deliveries, clock=clock)


def replay(
    caller: Caller,
    endpoint_id: str,
    window: Window,
    *,
    webhooks: Webhooks,
    directory: Directory,
    deliveries: Queue,
    clock: Clock,
) -> int:
    """How many events are on their way to this endpoint again, oldest last. Raises: as `get_awake`."""
    endpoint = get_awake(caller, endpoint_id, webhooks=webhooks)
    found: list[tuple[Event, Endpoint]] = []
    after: str | None = None
    while len(found) < AT_MOST:
        page = webhooks.events(caller.workspace_id, since=window.since, limit=PAGE, after=after)
        found += [
            (each, endpoint)
            for each in page.items
            if window.holds(each)
            and hearers(each, [endpoint], directory=directory)
            and (not window.only_failed or _failed(each, endpoint, webhooks))
        ]
        if page.next is None:
            break
        after = page.next
    return _send(found[:AT_MOST], webhooks=webhooks, deliveries=deliveries, clock=clock)


def _failed(event: Event, endpoint: Endpoint, webhooks: Webhooks) -> bool:
    known = webhooks.delivery(event.workspace_id, event.event_id, delivery_for(event, endpoint).delivery_id)
    return known is not None and known.status in {"failed", "exhausted"}


def _send(found: Sequence[tuple[Event, Endpoint]], *, webhooks: Webhooks, deliveries: Queue, clock: Clock) -> int:
    """The same delivery again: its `webhook-id` stays the event's, so that a receiver can tell."""
    opened = [_opened(delivery_for(event, endpoint), webhooks=webhooks, clock=clock) for event, endpoint in found]
    deliveries.send([each.message for each in opened])
    return len(opened)


def _opened(fresh: Delivery, *, webhooks: Webhooks, clock: Clock) -> Delivery:
    """To be tried now, whatever became of it before. Raises: ConflictError when workers keep trying it meanwhile."""
    for _ in range(TRIES):
        known = webhooks.delivery(fresh.workspace_id, fresh.event_id, fresh.delivery_id)
        again = (known or fresh).again(at=clock.now())
        if known is None:
            webhooks.open_delivery(again)
            return again
        with suppress(ConflictError):
            webhooks.change_delivery(again, attempts_read=len(known.attempts), queued=True)
            return again
    raise ConflictError("This delivery is being tried right now. Look at it again.")
