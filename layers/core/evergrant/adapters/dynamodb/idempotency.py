"""Idempotency records in the Sessions table: claimed by a conditional put, kept for a day."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import (
    at_ms_or_none,
    epoch_ms,
    epoch_s,
    from_item,
    to_item,
    to_values,
)
from evergrant.adapters.dynamodb.items import key as item_key
from evergrant.ports import FirstAnswer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIFETIME = timedelta(hours=24)
RUNNING = timedelta(seconds=60)
"""A claim older than this, without an answer, was left by a dead worker."""


class DynamoDBIdempotencyStore:
    """`IdempotencyStore` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def begin(self, key: str, *, fingerprint: str, at: datetime) -> FirstAnswer | None:
        writer = secrets.token_hex(8)
        claim = item_key(f"idem#{key}", "idem") | to_item(
            {
                "writer": writer,
                "fingerprint": fingerprint,
                "claimed_until": epoch_ms(at + RUNNING),
                "expires_at": epoch_ms(at + LIFETIME),
                "ttl": epoch_s(at + LIFETIME),
            }
        )
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=claim,
                    ConditionExpression="attribute_not_exists(pk) OR expires_at < :now OR "
                    "(attribute_not_exists(sealed) AND claimed_until < :now AND fingerprint = :fingerprint)",
                    ExpressionAttributeValues=to_values({":now": epoch_ms(at), ":fingerprint": fingerprint}),
                )
        except ConditionFailedError:
            return self._first(key, writer)
        return None

    def finish(self, key: str, *, status: int, sealed: bytes, secret_until: datetime | None) -> None:
        values: dict[str, object] = {":status": status, ":sealed": sealed, ":until": epoch_ms(secret_until)}
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=item_key(f"idem#{key}", "idem"),
                UpdateExpression="SET answer_status = :status, sealed = :sealed, secret_until = :until",
                ExpressionAttributeValues=to_values(values),
            )

    def forget(self, key: str) -> None:
        with translated():
            self._client.delete_item(TableName=self._table, Key=item_key(f"idem#{key}", "idem"))

    def _first(self, key: str, writer: str) -> FirstAnswer | None:
        """None when the claim in the way is this writer's own, whose answer was lost."""
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key=item_key(f"idem#{key}", "idem"), ConsistentRead=True
            ).get("Item")
        row: dict[str, Any] = from_item(found) if found else {"fingerprint": ""}
        if row.get("writer") == writer:
            return None
        sealed, status = row.get("sealed"), row.get("answer_status")
        return FirstAnswer(
            fingerprint=row["fingerprint"],
            status=None if status is None else int(status),
            sealed=None if sealed is None else bytes(sealed),
            secret_until=at_ms_or_none(row.get("secret_until")),
        )
