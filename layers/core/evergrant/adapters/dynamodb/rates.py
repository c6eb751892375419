"""How fast each workspace may make things: a token bucket, kept as the time at which it is full again."""

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, epoch_s, from_item, key, to_values
from evergrant.domain.errors import TooManyRequestsError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from evergrant.domain.ids import WorkspaceId

BURST = timedelta(seconds=10)
"""What was not used in this time may be used at once."""
KEPT = timedelta(hours=1)


class DynamoDBRates:
    """`Rates` in the Sessions table, pk `rate#<workspace>`: one conditional write; in a burst a second one."""

    def __init__(self, client: "DynamoDBClient", *, table: str, per_second: int) -> None:
        self._client, self._table, self._step = client, table, timedelta(seconds=1) / per_second

    def take(self, workspace_id: "WorkspaceId", *, at: datetime) -> None:
        full = {":full": epoch_ms(at + self._step), ":now": epoch_ms(at)}
        if self._moved(workspace_id, ":full", "attribute_not_exists(full_at) OR full_at < :now", full, at=at):
            return
        more = {":step": self._step // timedelta(milliseconds=1), ":latest": epoch_ms(at + BURST - self._step)}
        if not self._moved(workspace_id, "full_at + :step", "full_at <= :latest", more, at=at):
            raise TooManyRequestsError(
                "This workspace makes more at a time than is allowed. Try again after `Retry-After` seconds.",
                retry_after=self._wait(workspace_id, at=at),
            )

    def _moved(
        self, workspace_id: "WorkspaceId", full_at: str, condition: str, values: dict[str, Any], *, at: datetime
    ) -> bool:
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=key(f"rate#{workspace_id}", "rate"),
                    UpdateExpression=f"SET full_at = {full_at}, #ttl = :ttl",
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#ttl": "ttl"},
                    ExpressionAttributeValues=to_values({**values, ":ttl": epoch_s(at + KEPT)}),
                )
        except ConditionFailedError:
            return False
        return True

    def _wait(self, workspace_id: "WorkspaceId", *, at: datetime) -> int:
        """Seconds until there is a token again."""
        with translated():
            item = self._client.get_item(TableName=self._table, Key=key(f"rate#{workspace_id}", "rate")).get("Item")
        full_at = at_ms(from_item(item)["full_at"]) if item else at
        return max(1, math.ceil((full_at - at - BURST + self._step).total_seconds()))
