"""One event in, one delivery for each endpoint that wants it; safe to run twice."""

from evergrant.domain.events import Event
from evergrant.domain.webhooks import delivery_for
from evergrant.ports import Directory, Queue, Webhooks


def fan_out(event: Event, *, webhooks: Webhooks, directory: Directory, deliveries: Queue) -> int:
    """How many deliveries were opened and queued."""
    endpoints = webhooks.endpoints(event.workspace_id)
    tags: tuple[str, ...] = ()
    if event.user_id and any(each.user_tags for each in endpoints):
        user = directory.user(event.workspace_id, event.user_id)
        tags = user.tags if user else ()
    opened = [delivery_for(event, each) for each in endpoints if each.hears(event, tags=tags)]
    for delivery in opened:
        webhooks.open_delivery(delivery)
    deliveries.send(
        [
            {"workspaceId": each.workspace_id, "eventId": each.event_id, "deliveryId": each.delivery_id}
            for each in opened
        ]
    )
    return len(opened)
