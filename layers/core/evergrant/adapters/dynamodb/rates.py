"""How fast each workspace may make things: a token bucket in the Sessions table, pk `rate#<workspace>`."""

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from evergrant.adapters.dynamodb.bucket import Bucket
from evergrant.adapters.dynamodb.client import translated
from evergrant.adapters.dynamodb.items import at_ms, from_item, key
from evergrant.domain.errors import TooManyRequestsError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from evergrant.domain.ids import WorkspaceId

BURST = timedelta(seconds=10)
"""What was not used in this time may be used at once."""


class DynamoDBRates:
    """`Rates` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str, per_second: int) -> None:
        self._client, self._table, self._step = client, table, timedelta(seconds=1) / per_second

    def take(self, workspace_id: "WorkspaceId", *, at: datetime) -> None:
        where = key(f"rate#{workspace_id}", "rate")
        if not Bucket(self._client, self._table, where, self._step, BURST).take(at):
            raise TooManyRequestsError(
                "This workspace makes more at a time than is allowed. Try again after `Retry-After` seconds.",
                retry_after=self._wait(workspace_id, at=at),
            )

    def _wait(self, workspace_id: "WorkspaceId", *, at: datetime) -> int:
        """Seconds until there is a token again."""
        with translated():
            item = self._client.get_item(TableName=self._table, Key=key(f"rate#{workspace_id}", "rate")).get("Item")
        full_at = at_ms(from_item(item)["full_at"]) if item else at
        return max(1, math.ceil((full_at - at - BURST + self._step).total_seconds()))
