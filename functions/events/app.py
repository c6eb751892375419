"""/events: what happened, as it was delivered, and how its deliveries went."""

from evergrant.domain.errors import NotFoundError
from evergrant.domain.events import Event, EventType
from evergrant.domain.times import iso_or_none
from evergrant.domain.webhooks import Delivery
from evergrant.ports.pages import Page
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, PageQuery, Strict, answer, caller, ok
from evergrant.runtime.lists import listed
from evergrant.runtime.moments import Moment
from evergrant.use_cases.events.list import Wanted, list_events
from evergrant.use_cases.paging import part_of
from evergrant.use_cases.webhooks.again import Again
from evergrant.use_cases.webhooks.redeliver import redeliver

http = Http()
handler = http.handler


class EventQuery(PageQuery):
    """`?type=&credentialId=&userId=&since=`"""

    type: EventType | None = None
    credential_id: str | None = None
    user_id: str | None = None
    since: Moment | None = None


@http.get("/events")
def list_all(query: EventQuery) -> Answer:
    """Newest first."""
    who = caller(http)
    who.require("webhooks")
    wanted = Wanted(query.type, query.credential_id, query.user_id, query.since)
    filters = f"{query.type}|{query.credential_id}|{query.user_id}|{iso_or_none(query.since)}"

    def read(after: str | None) -> Page[Event]:
        webhooks, directory = wiring.webhooks(), wiring.directory()
        return list_events(who, wanted, limit=query.limit, after=after, webhooks=webhooks, directory=directory)

    return listed(query, f"{who.workspace_id}|events|{filters}", read, Event.body)


@http.get("/events/<event_id>")
def get(event_id: str) -> Answer:
    """One event, as it was delivered."""
    return ok(_found(event_id).body())


@http.get("/events/<event_id>/deliveries")
def deliveries(event_id: str, query: PageQuery) -> Answer:
    """How its deliveries went."""
    event = _found(event_id)

    def read(after: str | None) -> Page[Delivery]:
        found = wiring.webhooks().deliveries(event.workspace_id, event.event_id)
        return part_of(found, lambda each: each.delivery_id, limit=query.limit, after=after)

    return listed(query, f"{event.workspace_id}|deliveries|{event.event_id}", read, Delivery.shown)


class Redelivery(Strict):
    """`POST /events/{eventId}/redeliver`"""

    endpoint_id: str | None = None


@http.post("/events/<event_id>/redeliver")
def send_again(event_id: str, body: Redelivery | None = None) -> Answer:
    """Send it again, to one endpoint or to all that want it."""
    who = caller(http)
    who.require("webhooks")
    count = redeliver(
        who,
        event_id,
        body.endpoint_id if body else None,
        webhooks=wiring.webhooks(),
        directory=wiring.directory(),
        again=Again(wiring.webhooks(), wiring.deliveries(), wiring.clock()),
    )
    return answer(202, {"deliveries": count})


def _found(event_id: str) -> Event:
    who = caller(http)
    who.require("webhooks")
    event = wiring.webhooks().event(who.workspace_id, event_id)
    if event is None:
        raise NotFoundError("There is no such event in this workspace. Events are kept for a time, not for ever.")
    return event
