"""/events: what happened, as it was delivered, and how its deliveries went."""

from evergrant.domain.errors import NotFoundError
from evergrant.domain.events import Event, EventType
from evergrant.domain.times import iso_or_none
from evergrant.runtime import wiring
from evergrant.runtime.cursors import read_cursor, write_cursor
from evergrant.runtime.http import Answer, Http, PageQuery, Strict, answer, caller, ok
from evergrant.runtime.moments import Moment
from evergrant.use_cases.webhooks.replay import redeliver

http = Http()
handler = http.handler


class EventQuery(PageQuery):
    """`?type=&credentialId=&userId=&since=`"""

    type: EventType | None = None
    credential_id: str | None = None
    user_id: str | None = None
    since: Moment | None = None

    def fits(self, event: Event) -> bool:
        """Whether the event is asked for."""
        return (
            self.type in {None, event.type}
            and self.credential_id in {None, event.credential_id}
            and self.user_id in {None, event.user_id}
        )


@http.get("/events")
def list_all(query: EventQuery) -> Answer:
    """Newest first; a page may hold fewer than its limit where events are filtered."""
    who = caller(http)
    who.require("webhooks")
    filters = f"{query.type}|{query.credential_id}|{query.user_id}|{iso_or_none(query.since)}"
    name = f"{who.workspace_id}|events|{filters}"
    page = wiring.webhooks().events(
        who.workspace_id,
        since=query.since,
        limit=query.limit,
        after=read_cursor(query.cursor, query=name, fingerprints=wiring.fingerprints()),
    )
    following = write_cursor(page.next, query=name, fingerprints=wiring.fingerprints())
    return ok({"data": [event.body() for event in page.items if query.fits(event)], "nextCursor": following})


@http.get("/events/<event_id>")
def get(event_id: str) -> Answer:
    """One event, as it was delivered."""
    return ok(_found(event_id).body())


@http.get("/events/<event_id>/deliveries")
def deliveries(event_id: str) -> Answer:
    """How its deliveries went."""
    event = _found(event_id)
    found = wiring.webhooks().deliveries(event.workspace_id, event.event_id)
    return ok({"data": [each.shown() for each in found], "nextCursor": None})


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
        deliveries=wiring.deliveries(),
        clock=wiring.clock(),
    )
    return answer(202, {"deliveries": count})


def _found(event_id: str) -> Event:
    who = caller(http)
    who.require("webhooks")
    event = wiring.webhooks().event(who.workspace_id, event_id)
    if event is None:
        raise NotFoundError("There is no such event in this workspace; events are kept for 90 days.")
    return event
