"""Slots: a row of the Events table an endpoint, pk `ws#<workspace>#slots`; a slot is an attribute with its end."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, epoch_s, from_item, key, to_values
from evergrant.domain.webhooks import Endpoint
from evergrant.ports.pacing import Slot

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HELD = timedelta(seconds=20)
"""An attempt's 15 s, and what is written around it."""
KEPT = timedelta(days=1)


class DynamoDBSlots:
    """`Slots` on DynamoDB: one read and one conditional write to take one, another to give it back."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def take(self, endpoint: Endpoint, *, at: datetime) -> Slot | None:
        with translated():
            item = self._client.get_item(TableName=self._table, Key=_key(endpoint)).get("Item", {})
        row = from_item(item)
        names = [_name(number) for number in range(endpoint.at_once)]
        for number, name in enumerate(names):
            slot = Slot(endpoint.workspace_id, endpoint.endpoint_id, number, at + HELD)
            if (name not in row or at_ms(row[name]) <= at) and self._took(slot, at=at):
                return slot
        return None

    def give_back(self, slot: Slot) -> None:
        self._written(slot, "REMOVE #slot", "#slot = :until", {":until": epoch_ms(slot.until)}, {})

    def _took(self, slot: Slot, *, at: datetime) -> bool:
        values = {":until": epoch_ms(slot.until), ":now": epoch_ms(at), ":ttl": epoch_s(at + KEPT), ":kind": "slots"}
        return self._written(
            slot,
            "SET #slot = :until, #ttl = :ttl, kind = :kind",
            "attribute_not_exists(#slot) OR #slot <= :now",
            values,
            {"#ttl": "ttl"},
        )

    def _written(
        self, slot: Slot, update: str, condition: str, values: Mapping[str, object], names: Mapping[str, str]
    ) -> bool:
        with suppress(ConditionFailedError), translated():
            self._client.update_item(
                TableName=self._table,
                Key=_key(slot),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#slot": _name(slot.number), **names},
                ExpressionAttributeValues=to_values(values),
            )
            return True
        return False


def _key(of: Endpoint | Slot) -> dict[str, Any]:
    return key(f"ws#{of.workspace_id}#slots", of.endpoint_id)


def _name(number: int) -> str:
    return f"slot_{number}"
