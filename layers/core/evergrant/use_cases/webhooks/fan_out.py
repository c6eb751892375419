"""One event in, one delivery for each endpoint that wants it; safe to run twice."""

from evergrant.domain.events import Event
from evergrant.domain.webhooks import delivery_for
from evergrant.ports import Queue, Webhooks


def fan_out(event: Event, *, webhooks: Webhooks, deliveries: Queue) -> int:
    """How many deliveries were opened and queued."""
    opened = [delivery_for(event, each) for each in webhooks.endpoints(event.workspace_id) if each.hears(event)]
    for delivery in opened:
        webhooks.open_delivery(delivery)
    deliveries.send(
        [
            {"workspaceId": each.workspace_id, "eventId": each.event_id, "deliveryId": each.delivery_id}
            for each in opened
        ]
    )
    return len(opened)
