"""Endpoints, events and deliveries in the Events table."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
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
from evergrant.domain.ids import EndpointId, WorkspaceId, is_identifier, time_floor
from evergrant.domain.webhooks import QUEUE_DELAY_LIMIT, Attempt, Delivery, Endpoint
from evergrant.ports import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _endpoint_item(endpoint: Endpoint) -> dict[str, Any]:
    return to_item(
        {
            "pk": f"ws#{endpoint.workspace_id}#endpoints",
            "sk": endpoint.endpoint_id,
            "kind": "endpoint",
            "workspace_id": endpoint.workspace_id,
            "url": endpoint.url,
            "created_at": epoch_ms(endpoint.created_at),
            "sealed_secret": endpoint.sealed_secret,
            "events": list(endpoint.events),
            "apps": list(endpoint.apps),
            "user_tags": list(endpoint.user_tags),
            "description": endpoint.description,
            "paused": endpoint.paused,
            "failing_since": epoch_ms(endpoint.failing_since),
            "disabled_reason": endpoint.disabled_reason,
            "sealed_old_secret": endpoint.sealed_old_secret,
            "old_until": epoch_ms(endpoint.old_until),
            "secret_generation": endpoint.secret_generation,
        }
    )


def _endpoint(item: Mapping[str, Any]) -> Endpoint:
    row = from_item(item)
    return Endpoint(
        workspace_id=WorkspaceId(row["workspace_id"]),
        endpoint_id=EndpointId(row["sk"]),
        url=row["url"],
        created_at=at_ms(row["created_at"]),
        sealed_secret=bytes(row["sealed_secret"]),
        events=tuple(row["events"]),
        apps=tuple(row["apps"]),
        user_tags=tuple(row.get("user_tags", ())),
        description=row.get("description"),
        paused=row["paused"],
        failing_since=at_ms_or_none(row.get("failing_since")),
        disabled_reason=row.get("disabled_reason"),
        sealed_old_secret=bytes(row["sealed_old_secret"]) if row.get("sealed_old_secret") else None,
        old_until=at_ms_or_none(row.get("old_until")),
        secret_generation=int(row.get("secret_generation", 1)),
    )


def _deliveries_pk(workspace_id: str, event_id: str) -> str:
    return f"ws#{workspace_id}#event#{event_id}"


OVERDUE = timedelta(minutes=2)
"""A delivery whose message was lost is found in the index after this."""


def _slot(delivery: Delivery) -> due.DueSlot | None:
    """When the sweep is to look at it: long waits at their time; short ones, which the queue holds, if overdue."""
    at = delivery.next_attempt_at
    if at is None:
        return None
    waits_in_queue = not delivery.attempts or at - delivery.attempts[-1].at <= QUEUE_DELAY_LIMIT
    path = f"{delivery.workspace_id}/{delivery.event_id}/{delivery.delivery_id}"
    return due.slot(path, at=at + OVERDUE if waits_in_queue else at)


def _delivery_item(delivery: Delivery) -> dict[str, Any]:
    place = _slot(delivery)
    first = delivery.attempts[0].at if delivery.attempts else delivery.next_attempt_at
    return to_item(
        {
            "pk": _deliveries_pk(delivery.workspace_id, delivery.event_id),
            "sk": delivery.delivery_id,
            "kind": "delivery",
            "workspace_id": delivery.workspace_id,
            "event_id": delivery.event_id,
            "endpoint_id": delivery.endpoint_id,
            "status": delivery.status,
            "attempts": [
                {"at": epoch_ms(each.at), "status": each.status, "ms": each.duration_ms, "error": each.error}
                for each in delivery.attempts
            ],
            "attempts_made": len(delivery.attempts),
            "next_attempt_at": epoch_ms(delivery.next_attempt_at),
            "due_partition": place and place.partition,
            "due_sort": place and place.sort,
            "ttl": first and epoch_s(first + RETENTION),
        }
    )


def _delivery(item: Mapping[str, Any]) -> Delivery:
    row = from_item(item)
    return Delivery(
        workspace_id=WorkspaceId(row["workspace_id"]),
        event_id=row["event_id"],
        endpoint_id=row["endpoint_id"],
        delivery_id=row["sk"],
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

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def put_endpoint(self, endpoint: Endpoint) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=_endpoint_item(endpoint))

    def endpoint(self, workspace_id: WorkspaceId, endpoint_id: str) -> Endpoint | None:
        if not is_identifier(endpoint_id, "ep"):
            return None
        item = self._get(f"ws#{workspace_id}#endpoints", endpoint_id)
        return _endpoint(item) if item else None

    def endpoints(self, workspace_id: WorkspaceId) -> Sequence[Endpoint]:
        return readable(self._all(f"ws#{workspace_id}#endpoints"), _endpoint)

    def delete_endpoint(self, endpoint: Endpoint) -> None:
        with translated():
            self._client.delete_item(
                TableName=self._table, Key=key(f"ws#{endpoint.workspace_id}#endpoints", endpoint.endpoint_id)
            )

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
                    TableName=self._table, Item=_delivery_item(delivery), ConditionExpression="attribute_not_exists(pk)"
                )
        except ConditionFailedError:
            return

    def delivery(self, workspace_id: WorkspaceId, event_id: str, delivery_id: str) -> Delivery | None:
        item = self._get(_deliveries_pk(workspace_id, event_id), delivery_id)
        return _delivery(item) if item else None

    def deliveries(self, workspace_id: WorkspaceId, event_id: str) -> Sequence[Delivery]:
        return readable(self._all(_deliveries_pk(workspace_id, event_id)), _delivery)

    def change_delivery(self, delivery: Delivery, *, attempts_read: int) -> None:
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=_delivery_item(delivery),
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
