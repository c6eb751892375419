"""Deliveries as items of the Events table, and back. pk `ws#<workspace>#event#<event>`, sk the delivery's id."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from evergrant.adapters.dynamodb.events import OVERDUE
from evergrant.adapters.dynamodb.items import at_ms, at_ms_or_none, epoch_ms, epoch_s, from_item, to_item
from evergrant.domain import due
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.webhooks import Attempt, Delivery


def deliveries_pk(workspace_id: str, event_id: str) -> str:
    return f"ws#{workspace_id}#event#{event_id}"


def _slot(delivery: Delivery, *, queued: bool, shards: due.Shards) -> due.DueSlot | None:
    """When the sweep is to look at it; at what the queue holds, only if it is overdue."""
    at = delivery.next_attempt_at
    path = f"{delivery.workspace_id}/{delivery.event_id}/{delivery.delivery_id}"
    return at and due.slot(path, at=at + OVERDUE if queued else at, shards=shards)


def delivery_item(delivery: Delivery, *, queued: bool, retention: timedelta, shards: due.Shards) -> dict[str, Any]:
    place = _slot(delivery, queued=queued, shards=shards)
    return to_item(
        {
            "pk": deliveries_pk(delivery.workspace_id, delivery.event_id),
            "sk": delivery.delivery_id,
            "kind": "delivery",
            "workspace_id": delivery.workspace_id,
            "event_id": delivery.event_id,
            "endpoint_id": delivery.endpoint_id,
            "endpoint_type": delivery.type,
            "event_at": epoch_ms(delivery.event_at),
            "status": delivery.status,
            "attempts": [
                {
                    "at": epoch_ms(each.at),
                    "status": each.status,
                    "ms": each.duration_ms,
                    "error": each.error,
                    "answer": each.response,
                }
                for each in delivery.attempts
            ],
            "attempts_made": len(delivery.attempts),
            "next_attempt_at": epoch_ms(delivery.next_attempt_at),
            "replay_id": delivery.replay_id,
            "due_partition": place and place.partition,
            "due_sort": place and place.sort,
            "ttl": epoch_s(delivery.event_at + retention),
        }
    )


def delivery_of(item: Mapping[str, Any]) -> Delivery:
    row = from_item(item)
    return Delivery(
        workspace_id=WorkspaceId(row["workspace_id"]),
        event_id=row["event_id"],
        endpoint_id=row["endpoint_id"],
        type=row.get("endpoint_type", "webhook"),
        delivery_id=row["sk"],
        event_at=at_ms(row["event_at"]),
        status=row["status"],
        attempts=tuple(
            Attempt(
                at=at_ms(each["at"]),
                status=None if each["status"] is None else int(each["status"]),
                duration_ms=int(each["ms"]),
                error=each["error"],
                response=each.get("answer"),
            )
            for each in row["attempts"]
        ),
        next_attempt_at=at_ms_or_none(row.get("next_attempt_at")),
        replay_id=row.get("replay_id"),
    )
