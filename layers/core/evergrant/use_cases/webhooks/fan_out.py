"""One event in, one delivery for each endpoint that wants it; safe to run twice, and found again where it never ran."""

from collections.abc import Sequence

from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.webhooks import Endpoint, delivery_for
from evergrant.ports.queues import Queue
from evergrant.ports.webhooks import Webhooks
from evergrant.ports.workspaces import Directory


def fan_out(event: Event, *, webhooks: Webhooks, directory: Directory, deliveries: Queue) -> int:
    """How many deliveries were opened; those of a disabled endpoint are on record as missed, and not sent."""
    wanting = hearers(event, webhooks.endpoints(event.workspace_id), directory=directory)
    opened = [delivery_for(event, each) for each in wanting]
    for delivery in opened:
        webhooks.open_delivery(delivery)
    deliveries.send([each.message for each in opened if each.is_open])
    # Marked last: an event whose fan-out was stopped anywhere before is found by the sweep.
    webhooks.mark_fanned_out(event)
    return len(opened)


def fan_out_late(
    workspace_id: WorkspaceId, event_id: str, *, webhooks: Webhooks, directory: Directory, deliveries: Queue
) -> int:
    """For an event that the stream did not bring in time."""
    event = webhooks.event(workspace_id, event_id)
    return fan_out(event, webhooks=webhooks, directory=directory, deliveries=deliveries) if event else 0


def hearers(event: Event, endpoints: Sequence[Endpoint], *, directory: Directory) -> list[Endpoint]:
    """Those that want the event; its user's tags are read where one asks for them: of one who is gone, the event's."""
    tags: tuple[str, ...] | None = None
    if event.user_id and any(each.user_tags for each in endpoints):
        user = directory.user(event.workspace_id, event.user_id)
        tags = user.tags if user else event.user_tags
    return [each for each in endpoints if each.hears(event, tags=tags)]
