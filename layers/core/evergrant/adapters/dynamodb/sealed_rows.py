"""All that is sealed for long, wherever it stands: credentials, OAuth clients, webhook secrets, old ones too.

What lives for a day or less (authorizations, kept answers) opens under the version that sealed it until it is gone.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import from_item, key, to_values
from evergrant.domain.ids import WorkspaceId
from evergrant.ports.pages import Page
from evergrant.ports.sealing import SealedRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 200


class DynamoDBSealedRows:
    """`SealedRows` on DynamoDB: one table after the other."""

    def __init__(self, client: "DynamoDBClient", *, credentials: str, directory: str, events: str) -> None:
        self._client = client
        self._tables = [
            (credentials, ("sealed", "spare")),
            (directory, ("sealed",)),
            (events, ("sealed_secret", "old_secrets")),
        ]

    def page(self, after: str | None) -> Page[SealedRow]:
        number, start = json.loads(after) if after else (0, None)
        table, attributes = self._tables[number]
        begin: dict[str, Any] = {"ExclusiveStartKey": key(*start)} if start else {}
        with translated():
            answer: Any = self._client.scan(
                TableName=table,
                Limit=PAGE,
                ConsistentRead=True,
                ProjectionExpression=", ".join(["pk", "sk", "workspace_id", *attributes]),
                FilterExpression=" OR ".join(f"attribute_exists({each})" for each in attributes),
                **begin,
            )
        found = [
            SealedRow(table, str(row["pk"]), str(row["sk"]), path, sealed, _workspace_of(row))
            for row in map(from_item, answer["Items"])
            for attribute in attributes
            for path, sealed in _sealed(row, attribute)
        ]
        return Page(found, self._next(number, answer.get("LastEvaluatedKey")))

    def replace(self, row: SealedRow, sealed: bytes) -> bool:
        try:
            with translated():
                self._client.update_item(
                    TableName=row.table,
                    Key=key(row.pk, row.sk),
                    UpdateExpression=f"SET {row.attribute} = :new",
                    ConditionExpression=f"{row.attribute} = :read",
                    ExpressionAttributeValues=to_values({":new": sealed, ":read": row.sealed}),
                )
        except ConditionFailedError:
            return False
        return True

    def _next(self, number: int, last: Any) -> str | None:
        if last:
            position = from_item(last)
            return json.dumps([number, [position["pk"], position["sk"]]])
        return json.dumps([number + 1, None]) if number + 1 < len(self._tables) else None


def _sealed(row: Mapping[str, Any], attribute: str) -> Iterator[tuple[str, bytes]]:
    """By document paths: the secrets that were rotated out stand in a list."""
    found: Any = row.get(attribute)
    if isinstance(found, bytes):
        yield attribute, found
        return
    for place, each in enumerate(found or ()):
        yield f"{attribute}[{place}].sealed", bytes(each["sealed"])


def _workspace_of(row: Mapping[str, Any]) -> WorkspaceId:
    """A client's row has it in its key alone: `ws#<workspace>#apps`."""
    return WorkspaceId(row.get("workspace_id") or row["pk"].split("#")[1])
