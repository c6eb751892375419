"""POST /events/{eventId}/redeliver: one event again, to one endpoint or to all that want it."""

from evergrant.domain.caller import Caller
from evergrant.domain.errors import NotFoundError
from evergrant.domain.webhooks import delivery_for
from evergrant.ports.webhooks import Webhooks
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.webhooks.again import Again
from evergrant.use_cases.webhooks.endpoints import get_awake
from evergrant.use_cases.webhooks.fan_out import hearers


def redeliver(
    caller: Caller, event_id: str, endpoint_id: str | None, *, webhooks: Webhooks, directory: Directory, again: Again
) -> int:
    """How many deliveries of the event are on their way again; none to who is paused or disabled.

    Raises: NotFoundError; for a named endpoint as `get_awake`.
    """
    event = webhooks.event(caller.workspace_id, event_id)
    if event is None:
        raise NotFoundError("There is no such event in this workspace. Events are kept for a time, not for ever.")
    if endpoint_id is not None:
        targets = [get_awake(caller, endpoint_id, webhooks=webhooks)]
    else:
        awake = [each for each in webhooks.endpoints(caller.workspace_id) if each.is_awake]
        targets = hearers(event, awake, directory=directory)
    return again.send([delivery_for(event, each) for each in targets])
