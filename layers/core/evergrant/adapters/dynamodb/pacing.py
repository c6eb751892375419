"""How an app's renewals go: a row of the Sessions table for each minute, pk `pace#<workspace>#<app>`, sk `<minute>`.

It counts what was asked and what died, and holds the token buckets: a renewal costs one conditional write here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.bucket import KEPT, Bucket
from evergrant.adapters.dynamodb.client import translated
from evergrant.adapters.dynamodb.items import epoch_s, from_item, key, to_values
from evergrant.domain.credential import Credential
from evergrant.domain.due import minute_of
from evergrant.domain.renewal.brake import WINDOW, Tally
from evergrant.domain.renewal.pace import Lane, Pace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBPacing:
    """`Pacing` on DynamoDB. A new minute begins with a token: the pace leaves room for that."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def take(self, credential: Credential, pace: Pace, *, lane: Lane, at: datetime) -> bool:
        bucket = Bucket(
            self._client,
            self._table,
            _place(credential, at),
            pace.step,
            pace.burst,
            name=f"{lane}_full_at",
            starts_full=False,
            counted="asked",
        )
        return bucket.take(at)

    def jumped(self, credential: Credential, *, at: datetime) -> None:
        self._count("asked", credential, at)

    def died(self, credential: Credential, *, at: datetime) -> Sequence[Tally]:
        self._count("dead", credential, at)
        first = minute_of(at - WINDOW) + 1
        between = {":pk": _pk(credential), ":first": _sk(first), ":last": _sk(minute_of(at))}
        with translated():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues=to_values(between),
                ScanIndexForward=False,
                ConsistentRead=True,
            )["Items"]
        rows = [from_item(item) for item in found]
        return [Tally(row.get("asked", 0), row.get("dead", 0)) for row in rows]

    def _count(self, name: str, credential: Credential, at: datetime) -> None:
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=_place(credential, at),
                UpdateExpression="SET #ttl = :ttl ADD #name :one",
                ExpressionAttributeNames={"#ttl": "ttl", "#name": name},
                ExpressionAttributeValues=to_values({":ttl": epoch_s(at + KEPT), ":one": 1}),
            )


def _place(credential: Credential, at: datetime) -> dict[str, Any]:
    return key(_pk(credential), _sk(minute_of(at)))


def _pk(credential: Credential) -> str:
    return f"pace#{credential.workspace_id}#{credential.app}"


def _sk(minute: int) -> str:
    return f"{minute:010d}"
