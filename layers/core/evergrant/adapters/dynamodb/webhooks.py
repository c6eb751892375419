"""Endpoints, events and deliveries in the Events table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb import endpoint_items
from evergrant.adapters.dynamodb.client import ConditionFailedError, transact, translated
from evergrant.adapters.dynamodb.events import RETENTION, event_item, event_of
from evergrant.adapters.dynamodb.items import (
    at_ms,
    at_ms_or_none,
    epoch_ms,
    epoch_s,
    from_item,
    key,
    page,
    readable,
    to_item,
    to_values,
)
from evergrant.domain import due
from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId, is_identifier, time_floor
from evergrant.domain.webhooks import Attempt, Delivery, Endpoint
from evergrant.ports import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _deliveries_pk(workspace_id: str, event_id: str) -> str:
    return f"ws#{workspace_id}#event#{event_id}"


OVERDUE = timedelta(minutes=2)
"""A delivery whose message was lost is found in the index after this."""


def _slot(delivery: Delivery, *, queued: bool, shards: due.Shards) -> due.DueSlot | None:
    """When the sweep is to look at it; at what the queue holds, only if it is overdue."""
    at = delivery.next_attempt_at
    path = f"{delivery.workspace_id}/{delivery.event_id}/{delivery.delivery_id}"
    return at and due.slot(path, at=at + OVERDUE if queued else at, shards=shards)


def _delivery_item(delivery: Delivery, *, queued: bool, shards: due.Shards) -> dict[str, Any]:
    place = _slot(delivery, queued=queued, shards=shards)
    return to_item(
        {
            "pk": _deliveries_pk(delivery.workspace_id, delivery.event_id),
            "sk": delivery.delivery_id,
            "kind": "delivery",
            "workspace_id": delivery.workspace_id,
            "event_id": delivery.event_id,
            "endpoint_id": delivery.endpoint_id,
            "event_at": epoch_ms(delivery.event_at),
            "status": delivery.status,
            "attempts": [
                {"at": epoch_ms(each.at), "status": each.status, "ms": each.duration_ms, "error": each.error}
                for each in delivery.attempts
            ],
            "attempts_made": len(delivery.attempts),
            "next_attempt_at": epoch_ms(delivery.next_attempt_at),
            "due_partition": place and place.partition,
            "due_sort": place and place.sort,
            "ttl": epoch_s(delivery.event_at + RETENTION),
        }
    )


def _delivery(item: Mapping[str, Any]) -> Delivery:
    row = from_item(item)
    return Delivery(
        workspace_id=WorkspaceId(row["workspace_id"]),
        event_id=row["event_id"],
        endpoint_id=row["endpoint_id"],
        delivery_id=row["sk"],
        event_at=at_ms(row["event_at"]),
        status=row["status"],
        attempts=tuple(
            Attempt(
                at=at_ms(each["at"]),
                status=None if each["status"] is None else int(each["status"]),
                duration_ms=int(each["ms"]),
                error=each["error"],
            )
            for each in row["attempts"]
        ),
        next_attempt_at=at_ms_or_none(row.get("next_attempt_at")),
    )


class DynamoDBWebhooks:
    """`Webhooks` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str, shards: due.Shards = due.FOUR) -> None:
        self._client, self._table, self._shards = client, table, shards

    def put_endpoint(self, endpoint: Endpoint) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=endpoint_items.endpoint_item(endpoint))

    def change_endpoint(self, new: Endpoint, *, read: Endpoint) -> bool:
        counted = replace(new, version=read.version + 1)
        return self._written(endpoint_items.changed(self._table, counted, read=read))

    def note_health(self, new: Endpoint, *, read: Endpoint, event: Event | None) -> bool:
        return self._written(endpoint_items.noted(self._table, new, read=read), event)

    def endpoint(self, workspace_id: WorkspaceId, endpoint_id: str) -> Endpoint | None:
        if not is_identifier(endpoint_id, "ep"):
            return None
        item = self._get(endpoint_items.endpoints_pk(workspace_id), endpoint_id)
        return endpoint_items.endpoint_of(item) if item else None

    def endpoints(self, workspace_id: WorkspaceId) -> Sequence[Endpoint]:
        return readable(self._all(endpoint_items.endpoints_pk(workspace_id)), endpoint_items.endpoint_of)

    def delete_endpoint(self, endpoint: Endpoint) -> None:
        with translated():
            self._client.delete_item(TableName=self._table, Key=endpoint_items.endpoint_key(endpoint))

    def put_event(self, event: Event) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=event_item(event))

    def event(self, workspace_id: WorkspaceId, event_id: str) -> Event | None:
        if not is_identifier(event_id, "evt"):
            return None
        item = self._get(f"ws#{workspace_id}#events", event_id)
        return event_of(item) if item else None

    def events(
        self, workspace_id: WorkspaceId, *, since: datetime | None, limit: int, after: str | None
    ) -> Page[Event]:
        floor = time_floor("evt", at=since) if since else "evt_"
        with translated():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :floor AND :ceiling",
                ExpressionAttributeValues=to_values(
                    {":pk": f"ws#{workspace_id}#events", ":floor": floor, ":ceiling": after or "evt_~"}
                ),
                ScanIndexForward=False,
                Limit=limit + 2,
            )["Items"]
        return page([item for item in found if item["sk"] != {"S": after}], limit=limit, of=event_of)

    def open_delivery(self, delivery: Delivery) -> None:
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_delivery_item(delivery, queued=True, shards=self._shards),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailedError:
            return

    def delivery(self, workspace_id: WorkspaceId, event_id: str, delivery_id: str) -> Delivery | None:
        item = self._get(_deliveries_pk(workspace_id, event_id), delivery_id)
        return _delivery(item) if item else None

    def deliveries(self, workspace_id: WorkspaceId, event_id: str) -> Sequence[Delivery]:
        return readable(self._all(_deliveries_pk(workspace_id, event_id)), _delivery)

    def change_delivery(self, delivery: Delivery, *, attempts_read: int, queued: bool) -> None:
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=_delivery_item(delivery, queued=queued, shards=self._shards),
                ConditionExpression="attempts_made = :read",
                ExpressionAttributeValues=to_values({":read": attempts_read}),
            )

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[str, datetime]]:
        found: list[tuple[str, datetime]] = []
        values = to_values({":partition": partition, ":until": f"{epoch_ms(until):013d}#~"})
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_partition = :partition AND due_sort <= :until",
            ExpressionAttributeValues=values,
        )
        with translated():
            for each in pages:
                for item in each["Items"]:
                    at, _, path = str(from_item(item)["due_sort"]).partition("#")
                    found.append((path, at_ms(at)))
        return found

    def _written(self, update: dict[str, Any], event: Event | None = None) -> bool:
        """An update alone is no transaction: several at once would be in each other's way."""
        try:
            if event:
                told = {"Put": {"TableName": self._table, "Item": event_item(event)}}
                transact(self._client, [{"Update": update}, told])
            else:
                with translated():
                    self._client.update_item(**update)
        except ConditionFailedError:
            return False
        return True

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        with translated():
            return self._client.get_item(TableName=self._table, Key=key(pk, sk), ConsistentRead=True).get("Item")

    def _all(self, pk: str) -> list[Any]:
        found: list[Any] = []
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_values({":pk": pk}),
            ConsistentRead=True,
        )
        with translated():
            for each in pages:
                found += each["Items"]
        return found
