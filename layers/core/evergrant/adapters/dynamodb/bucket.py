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
    starts_full: bool = True
    """Else a new row has one token, and the rest comes with time."""
    counted: str | None = None
    """A number of the row that counts the tokens taken."""

    def take(self, at: datetime) -> bool:
        """One token; False when there is none. One conditional write; at times a second one."""
        if self.starts_full:
            return self._of_full("attribute_not_exists(#full) OR ", at) or self._of_used("", at)
        return self._of_used("attribute_not_exists(#full) OR ", at) or self._of_full("", at)

    def _of_full(self, or_: str, at: datetime) -> bool:
        values = {":full": epoch_ms(at + self.step), ":now": epoch_ms(at)}
        return self._moved(":full", f"{or_}#full < :now", values, at=at)

    def _of_used(self, or_: str, at: datetime) -> bool:
        last = epoch_ms(at + self.burst - self.step)
        values = {":step": self.step // timedelta(milliseconds=1), ":now": epoch_ms(at), ":last": last}
        return self._moved("if_not_exists(#full, :last) + :step", f"{or_}#full BETWEEN :now AND :last", values, at=at)

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
