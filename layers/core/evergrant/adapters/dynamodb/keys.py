"""The Keys table: branch keys as KMS wrapped them, and which version is active."""

from typing import TYPE_CHECKING

from evergrant.adapters.dynamodb.client import ConditionFailedError, transact, translated
from evergrant.adapters.dynamodb.items import from_item, key, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class KeysTable:
    """pk `branch#<id>`, sk `v#<version>`; the pointer stands under sk `active`."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def active(self, branch_id: str) -> int | None:
        """The version that seals; None before the first."""
        with translated():
            item = self._client.get_item(
                TableName=self._table, Key=key(f"branch#{branch_id}", "active"), ConsistentRead=True
            ).get("Item")
        return int(from_item(item)["version"]) if item else None

    def wrapped(self, branch_id: str, version: int) -> bytes | None:
        """One version, as KMS wrapped it."""
        with translated():
            item = self._client.get_item(
                TableName=self._table, Key=key(f"branch#{branch_id}", f"v#{version}"), ConsistentRead=True
            ).get("Item")
        return bytes(from_item(item)["wrapped"]) if item else None

    def keep(self, branch_id: str, version: int, wrapped: bytes) -> bool:
        """Store a version and make it the active one, once; False when another was faster."""
        new = key(f"branch#{branch_id}", f"v#{version}") | to_item({"wrapped": wrapped})
        pointer = key(f"branch#{branch_id}", "active") | to_item({"version": version})
        puts = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": new,
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
            {"Put": {"TableName": self._table, "Item": pointer}},
        ]
        try:
            transact(self._client, puts)
        except ConditionFailedError:
            return False
        return True
