"""One event in, one delivery for each endpoint that wants it; safe to run twice."""

from collections.abc import Sequence

from evergrant.domain.events import Event
from evergrant.domain.webhooks import Endpoint, delivery_for
from evergrant.ports import Directory, Queue, Webhooks


def fan_out(event: Event, *, webhooks: Webhooks, directory: Directory, deliveries: Queue) -> int:
    """How many deliveries were opened and queued."""
    wanting = hearers(event, webhooks.endpoints(event.workspace_id), directory=directory)
    opened = [delivery_for(event, each) for each in wanting]
    for delivery in opened:
        webhooks.open_delivery(delivery)
    deliveries.send([each.message for each in opened])
    return len(opened)


def hearers(event: Event, endpoints: Sequence[Endpoint], *, directory: Directory) -> list[Endpoint]:
    """Those that want the event; its user's tags are read where one asks for them."""
    tags: tuple[str, ...] | None = None
    if event.user_id and any(each.user_tags for each in endpoints):
        user = directory.user(event.workspace_id, event.user_id)
        tags = user.tags if user else ()
    return [each for each in endpoints if each.hears(event, tags=tags)]
