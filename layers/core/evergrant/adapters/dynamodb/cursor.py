"""How far the sweep has come: a row of the Sessions table for each kind that it sweeps."""

from typing import TYPE_CHECKING

from evergrant.adapters.dynamodb.client import translated
from evergrant.adapters.dynamodb.items import from_item, key, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBSweepCursor:
    """`SweepCursor` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", name: str, *, table: str) -> None:
        self._client, self._key, self._table = client, key("sweep", name), table

    def read(self) -> int | None:
        with translated():
            found = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        item = found.get("Item")
        return int(from_item(item)["minute"]) if item else None

    def move(self, minute: int) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=self._key | to_item({"minute": minute}))
