"""The Keys table: branch keys as KMS wrapped them, and which version is active."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, transact, translated
from evergrant.adapters.dynamodb.items import from_item, key, to_item, to_values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One version of a branch key."""

    blob: bytes
    kms_key: str | None
    """The ARN of a customer's own KMS key; None for the deployment's."""


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

    def wrapped(self, branch_id: str, version: int) -> Wrapped | None:
        """One version, as KMS wrapped it."""
        with translated():
            item = self._client.get_item(
                TableName=self._table, Key=key(f"branch#{branch_id}", f"v#{version}"), ConsistentRead=True
            ).get("Item")
        if not item:
            return None
        row = from_item(item)
        return Wrapped(bytes(row["wrapped"]), row.get("kms_key"))

    def branches(self) -> Iterator[str]:
        """Every branch there is, in any order."""
        begin: dict[str, Any] = {}
        while True:
            with translated():
                answer: Any = self._client.scan(
                    TableName=self._table,
                    ConsistentRead=True,
                    ProjectionExpression="pk",
                    FilterExpression="sk = :active",
                    ExpressionAttributeValues=to_values({":active": "active"}),
                    **begin,
                )
            yield from (str(from_item(each)["pk"]).removeprefix("branch#") for each in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            begin = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def keep(self, branch_id: str, version: int, wrapped: Wrapped) -> bool:
        """Store a version and make it the active one, once; False when another was faster."""
        row = {"wrapped": wrapped.blob, "kms_key": wrapped.kms_key}
        new = key(f"branch#{branch_id}", f"v#{version}") | to_item(row)
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
