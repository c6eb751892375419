"""The Events table: the outbox. pk `ws#<workspace>#events`, sk the event's id; the stream fans it out."""

import json
from datetime import timedelta
from typing import Any

from evergrant.adapters.dynamodb.items import epoch_ms, epoch_s, to_item
from evergrant.domain.events import Event

RETENTION = timedelta(days=90)


def event_item(event: Event) -> dict[str, Any]:
    """One event, as it will be delivered."""
    return to_item(
        {
            "pk": f"ws#{event.workspace_id}#events",
            "sk": event.event_id,
            "kind": "event",
            "workspace_id": event.workspace_id,
            "type": event.type,
            "at": epoch_ms(event.at),
            "user_id": event.user_id,
            "user_email": event.user_email,
            "credential_id": event.credential_id,
            "credential_name": event.credential_name,
            "data": json.dumps(dict(event.data)),
            "only_endpoint": event.only_endpoint,
            "ttl": epoch_s(event.at + RETENTION),
        }
    )
