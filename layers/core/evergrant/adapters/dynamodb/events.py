"""The Events table: the outbox. pk `ws#<workspace>#events`, sk the event's id; the stream fans it out."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, epoch_s, from_item, key, to_item
from evergrant.domain import due
from evergrant.domain.events import Event
from evergrant.domain.ids import CredentialId, EventId, UserId, WorkspaceId

OVERDUE = timedelta(minutes=2)
"""What the stream or the queue did not bring in this time, the sweep looks for."""
DUE = ("due_partition", "due_sort")


def event_key(workspace_id: str, event_id: str) -> dict[str, Any]:
    return key(f"ws#{workspace_id}#events", event_id)


def event_item(event: Event, *, retention: timedelta, shards: due.Shards = due.FOUR) -> dict[str, Any]:
    """One event, as it will be delivered. It stands in the due index until it was fanned out."""
    place = due.slot(f"{event.workspace_id}/{event.event_id}", at=event.at + OVERDUE, shards=shards)
    return event_key(event.workspace_id, event.event_id) | to_item(
        {
            "kind": "event",
            "workspace_id": event.workspace_id,
            "type": event.type,
            "at": epoch_ms(event.at),
            "user_id": event.user_id,
            "user_email": event.user_email,
            "user_tags": list(event.user_tags) or None,
            "credential_id": event.credential_id,
            "credential_name": event.credential_name,
            "data": json.dumps(dict(event.data)),
            "only_endpoint": event.only_endpoint,
            "due_partition": place.partition,
            "due_sort": place.sort,
            "ttl": epoch_s(event.at + retention),
        }
    )


def event_of(item: Mapping[str, Any]) -> Event:
    """The event that `event_item` wrote; a stream's image is one too."""
    row = from_item(item)
    user_id, credential_id = row.get("user_id"), row.get("credential_id")
    return Event(
        event_id=EventId(row["sk"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        type=row["type"],
        at=at_ms(row["at"]),
        user_id=user_id and UserId(user_id),
        user_email=row.get("user_email"),
        user_tags=tuple(row.get("user_tags", ())),
        credential_id=credential_id and CredentialId(credential_id),
        credential_name=row.get("credential_name"),
        data=json.loads(row["data"]),
        only_endpoint=row.get("only_endpoint"),
    )


def event_in_stream(record: Mapping[str, Any]) -> Event | None:
    """The new event in a record of the table's stream; None for a change, and for rows of another kind."""
    image: Mapping[str, Any] = record["dynamodb"].get("NewImage") or {}
    is_event = record["eventName"] == "INSERT" and image.get("kind") == {"S": "event"}
    return event_of(image) if is_event else None
