"""How all credentials are doing: a scan of the few attributes that say so; no sealed byte is read."""

from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import translated
from evergrant.adapters.dynamodb.credential_items import CREDENTIAL_SK
from evergrant.adapters.dynamodb.items import at_ms_or_none, from_item, place_of, starting, to_values
from evergrant.ports.credentials import CredentialState
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBCredentialStates:
    """`CredentialStates` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def page(self, after: str | None) -> Page[CredentialState]:
        with translated():
            found = self._client.scan(
                TableName=self._table,
                FilterExpression="sk = :credential",
                ProjectionExpression="app, #status, due_at, lease_until, last_failure.code",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_values({":credential": CREDENTIAL_SK}),
                **starting(after),
            )
        return Page([_state(from_item(item)) for item in found["Items"]], place_of(found))


def _state(row: dict[str, Any]) -> CredentialState:
    return CredentialState(
        row["app"],
        row["status"],
        at_ms_or_none(row.get("due_at")),
        at_ms_or_none(row.get("lease_until")),
        row["last_failure"]["code"] if "last_failure" in row else None,
    )
