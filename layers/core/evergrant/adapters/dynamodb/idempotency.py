"""Idempotency records in the Sessions table: claimed by a conditional put, kept for a day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import (
    at_ms,
    at_ms_or_none,
    epoch_ms,
    epoch_s,
    from_item,
    to_item,
    to_values,
)
from evergrant.adapters.dynamodb.items import key as item_key
from evergrant.ports.idempotency import Claim, FirstAnswer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIFETIME = timedelta(hours=24)
RUNNING = timedelta(seconds=30)
"""A claim older than this, without an answer, was left by a dead worker: no function of the API runs for longer."""
_OWN = "writer = :writer"


class DynamoDBIdempotencyStore:
    """`IdempotencyStore` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def begin(self, key: str, *, writer: str, fingerprint: str, at: datetime) -> Claim | FirstAnswer:
        row = to_item(
            {
                "writer": writer,
                "fingerprint": fingerprint,
                "since": epoch_ms(at),
                "claimed_until": epoch_ms(at + RUNNING),
                "expires_at": epoch_ms(at + LIFETIME),
                "ttl": epoch_s(at + LIFETIME),
            }
        )
        claim = Claim(key, writer, at)
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_where(key) | row,
                    ConditionExpression="attribute_not_exists(pk) OR expires_at < :now",
                    ExpressionAttributeValues=to_values({":now": epoch_ms(at)}),
                )
        except ConditionFailedError:
            return self._known(claim, fingerprint)
        return claim

    def finish(self, claim: Claim, *, status: int, sealed: bytes, secret_until: datetime | None) -> None:
        values = {":status": status, ":sealed": sealed, ":until": epoch_ms(secret_until)}
        self._update(claim, "SET answer_status = :status, sealed = :sealed, secret_until = :until", _OWN, values)

    def release(self, claim: Claim) -> None:
        self._update(claim, "SET claimed_until = :over", _OWN, {":over": 0})

    def forget(self, claim: Claim) -> None:
        with translated():
            self._client.delete_item(
                TableName=self._table,
                Key=_where(claim.key),
                ConditionExpression=_OWN,
                ExpressionAttributeValues=to_values({":writer": claim.writer}),
            )

    def _known(self, claim: Claim, fingerprint: str) -> Claim | FirstAnswer:
        with translated():
            found = self._client.get_item(TableName=self._table, Key=_where(claim.key), ConsistentRead=True).get("Item")
        if found is None:
            return FirstAnswer(fingerprint, None, None, None)
        row: dict[str, Any] = from_item(found)
        sealed, status = row.get("sealed"), row.get("answer_status")
        first = FirstAnswer(
            fingerprint=row["fingerprint"],
            status=None if status is None else int(status),
            sealed=None if sealed is None else bytes(sealed),
            secret_until=at_ms_or_none(row.get("secret_until")),
        )
        if first.sealed is not None or first.fingerprint != fingerprint:
            return first
        # The writer's own put, whose answer was lost on the way, is found here too.
        is_left = row["writer"] == claim.writer or at_ms(row["claimed_until"]) < claim.since
        taken = is_left and self._taken(claim, row["writer"])
        return replace(claim, since=at_ms(row["since"])) if taken else first

    def _taken(self, claim: Claim, left_by: str) -> bool:
        values = {":left_by": left_by, ":until": epoch_ms(claim.since + RUNNING)}
        condition = f"(writer = :left_by OR {_OWN}) AND attribute_not_exists(sealed)"
        try:
            self._update(claim, "SET writer = :writer, claimed_until = :until", condition, values)
        except ConditionFailedError:
            return False
        return True

    def _update(self, claim: Claim, writes: str, condition: str, values: Mapping[str, object]) -> None:
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=_where(claim.key),
                UpdateExpression=writes,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_values({**values, ":writer": claim.writer}),
            )


def _where(key: str) -> dict[str, Any]:
    return item_key(f"idem#{key}", "idem")
