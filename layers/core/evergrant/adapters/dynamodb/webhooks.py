"""Endpoints, events and deliveries in the Events table."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb import endpoint_items
from evergrant.adapters.dynamodb.client import ConditionFailedError, newest_of, transact, translated
from evergrant.adapters.dynamodb.delivery_items import deliveries_pk, delivery_item, delivery_of
from evergrant.adapters.dynamodb.events import DUE, event_item, event_key, event_of
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, from_item, key, page, readable, to_values
from evergrant.domain import due
from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId, is_identifier, time_floor
from evergrant.domain.webhooks import Delivery, Endpoint
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBWebhooks:
    """`Webhooks` on DynamoDB."""

    def __init__(
        self, client: "DynamoDBClient", *, table: str, retention: timedelta, shards: due.Shards = due.FOUR
    ) -> None:
        self._client, self._table, self._retention, self._shards = client, table, retention, shards

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
            self._client.put_item(
                TableName=self._table, Item=event_item(event, retention=self._retention, shards=self._shards)
            )

    def event(self, workspace_id: WorkspaceId, event_id: str) -> Event | None:
        if not is_identifier(event_id, "evt"):
            return None
        item = self._get(f"ws#{workspace_id}#events", event_id)
        return event_of(item) if item else None

    def mark_fanned_out(self, event: Event) -> None:
        self._remove(event_key(event.workspace_id, event.event_id), DUE)

    def scrub(self, event: Event) -> None:
        # The address last: an event that still has it is scrubbed again.
        for each in self._all(deliveries_pk(event.workspace_id, event.event_id)):
            answered = [place for place, tried in enumerate(delivery_of(each).attempts) if tried.response]
            if answered:
                self._remove({"pk": each["pk"], "sk": each["sk"]}, [f"attempts[{at}].answer" for at in answered])
        name = ["credential_name"] if "@" in (event.credential_name or "") else []
        self._remove(event_key(event.workspace_id, event.event_id), ["user_email", *name])

    def events(
        self, workspace_id: WorkspaceId, *, since: datetime | None, limit: int, after: str | None
    ) -> Page[Event]:
        floor = time_floor("evt", at=since) if since else "evt_"
        found = newest_of(
            self._client,
            table=self._table,
            key=f"ws#{workspace_id}#events",
            floor=floor,
            ceiling="evt_~",
            limit=limit,
            after=after,
        )
        return page(found, limit=limit, of=event_of)

    def count_events(self, workspace_id: WorkspaceId, *, since: datetime, until: datetime, most: int) -> int | None:
        bounds = {":floor": time_floor("evt", at=since), ":ceiling": time_floor("evt", at=until)}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            Select="COUNT",
            KeyConditionExpression="pk = :pk AND sk BETWEEN :floor AND :ceiling",
            ExpressionAttributeValues=to_values({":pk": f"ws#{workspace_id}#events", **bounds}),
        )
        count = 0
        with translated():
            for each in pages:
                count += each["Count"]
                if count > most:
                    return None
        return count

    def open_delivery(self, delivery: Delivery) -> None:
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=delivery_item(delivery, queued=True, retention=self._retention, shards=self._shards),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailedError:
            return

    def delivery(self, workspace_id: WorkspaceId, event_id: str, delivery_id: str) -> Delivery | None:
        item = self._get(deliveries_pk(workspace_id, event_id), delivery_id)
        return delivery_of(item) if item else None

    def deliveries(self, workspace_id: WorkspaceId, event_id: str) -> Sequence[Delivery]:
        return readable(self._all(deliveries_pk(workspace_id, event_id)), delivery_of)

    def change_delivery(self, delivery: Delivery, *, attempts_read: int, queued: bool) -> None:
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=delivery_item(delivery, queued=queued, retention=self._retention, shards=self._shards),
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
                told = {
                    "Put": {
                        "TableName": self._table,
                        "Item": event_item(event, retention=self._retention, shards=self._shards),
                    }
                }
                transact(self._client, [{"Update": update}, told])
            else:
                with translated():
                    self._client.update_item(**update)
        except ConditionFailedError:
            return False
        return True

    def _remove(self, key: dict[str, Any], names: Sequence[str]) -> None:
        with suppress(ConditionFailedError), translated():
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="REMOVE " + ", ".join(names),
                ConditionExpression="attribute_exists(pk)",
            )

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
