"""A token bucket in one row, kept as the time at which it is full again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import epoch_ms, epoch_s, to_values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One token each `step`; what was not used in the time of `burst` may be used at once."""

    client: "DynamoDBClient"
    table: str
    where: Mapping[str, Any]
    step: timedelta
    burst: timedelta
    name: str = "full_at"
    counted: str | None = None
    """A number of the row that counts the tokens taken."""

    def take(self, at: datetime) -> bool:
        """One token; False when there is none. One conditional write; in a burst a second one."""
        full = {":full": epoch_ms(at + self.step), ":now": epoch_ms(at)}
        if self._moved(":full", "attribute_not_exists(#full) OR #full < :now", full, at=at):
            return True
        more = {":step": self.step // timedelta(milliseconds=1), ":latest": epoch_ms(at + self.burst - self.step)}
        return self._moved("#full + :step", "#full <= :latest", more, at=at)

    def _moved(self, full_at: str, condition: str, values: dict[str, Any], *, at: datetime) -> bool:
        names = {"#full": self.name, "#ttl": "ttl"}
        adds = ""
        if self.counted:
            names, values, adds = {**names, "#counted": self.counted}, {**values, ":one": 1}, " ADD #counted :one"
        try:
            with translated():
                self.client.update_item(
                    TableName=self.table,
                    Key=dict(self.where),
                    UpdateExpression=f"SET #full = {full_at}, #ttl = :ttl{adds}",
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=to_values({**values, ":ttl": epoch_s(at + KEPT)}),
                )
        except ConditionFailedError:
            return False
        return True
