"""The low-level client (resources cost more than clients), and how its errors become ours."""

import random
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from evergrant.adapters.aws import client
from evergrant.adapters.dynamodb.items import to_values
from evergrant.domain.errors import ConflictError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


TRANSACTION_TRIES = 3
_IN_THE_WAY = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why a transaction is cancelled that was right in itself. botocore does not try those again."""


@cache
def dynamodb() -> "DynamoDBClient":
    """This environment's client."""
    return client("dynamodb")


class InTheWayError(UnavailableError):
    """Another transaction was in the way."""

    def __init__(self) -> None:
        super().__init__("Somebody else changes the same at this moment; nothing was changed. Try again.")


FAILED = "ConditionalCheckFailed"
"""Why a write of a cancelled transaction is to blame."""


class ConditionFailedError(ConflictError):
    """The row is not as the condition wanted it; `reasons` says which of a transaction's writes, in order."""

    code = "changed_meanwhile"

    def __init__(self, reasons: tuple[str, ...] = ()) -> None:
        super().__init__("It was changed meanwhile. Read it again and repeat the request.")
        self.reasons = reasons


def transact(client: "DynamoDBClient", writes: Sequence[Mapping[str, Any]]) -> None:
    """All or nothing; tried again while other transactions are in the way.

    One token for all tries: DynamoDB recognises an earlier one whose answer was lost, and says that it was done.
    Raises: ConditionFailedError, UnavailableError.
    """
    token = str(uuid4())
    for again in range(TRANSACTION_TRIES):
        try:
            with translated():
                client.transact_write_items(TransactItems=list(writes), ClientRequestToken=token)  # type: ignore[arg-type]  # built here
        except InTheWayError:
            if again == TRANSACTION_TRIES - 1:
                raise
            time.sleep(random.uniform(0.02, 0.1) * 2**again)  # noqa: S311  # jitter
        else:
            return


def first_of(client: "DynamoDBClient", *, at_most: int, **query: Any) -> list[Any]:
    """A query's first items, over as many pages as DynamoDB makes of them: a page ends at 1 MB, however few it has.

    Raises: UnavailableError.
    """
    found: list[Any] = []
    pages = client.get_paginator("query").paginate(**query, PaginationConfig={"MaxItems": at_most, "PageSize": at_most})
    with translated():
        for each in pages:
            found += each["Items"]
    return found


def newest_of(
    client: "DynamoDBClient",
    *,
    table: str,
    key: str,
    floor: str,
    ceiling: str,
    limit: int,
    after: str | None,
    name: str = "pk",
    **index: str,
) -> list[Any]:
    """The first `limit` after `after` and one more, newest first, of a partition whose `sk` are ids in this range."""
    found = first_of(
        client,
        at_most=limit + 2,
        TableName=table,
        # DynamoDB allows one condition on the sort key: the page's end is a range's upper bound, and inclusive.
        KeyConditionExpression=f"{name} = :key AND sk BETWEEN :floor AND :ceiling",
        ExpressionAttributeValues=to_values({":key": key, ":floor": floor, ":ceiling": after or ceiling}),
        ScanIndexForward=False,
        **index,
    )
    return [item for item in found if item["sk"] != {"S": after}]


@contextmanager
def translated() -> Generator[None]:
    """Raises: ConditionFailedError, or UnavailableError for all that DynamoDB or the network refuse."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ConditionalCheckFailedException":
            raise ConditionFailedError from error
        reasons = _reasons(error.response)
        if code == "TransactionCanceledException" and FAILED in reasons:
            raise ConditionFailedError(reasons) from error
        if _IN_THE_WAY.intersection(reasons):
            raise InTheWayError from error
        raise UnavailableError("Storage is away for a moment; nothing was changed. Try again.") from error
    except BotoCoreError as error:
        raise UnavailableError("Storage is away for a moment. Try again with the same Idempotency-Key.") from error


def _reasons(response: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(reason.get("Code", "None")) for reason in response.get("CancellationReasons", ()))
