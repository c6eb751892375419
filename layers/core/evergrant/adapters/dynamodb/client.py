"""The low-level client (resources cost more than clients), and how its errors become ours."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from evergrant.adapters.aws import client
from evergrant.domain.errors import ConflictError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def dynamodb() -> "DynamoDBClient":
    """This environment's client."""
    return client("dynamodb", attempts=4)


FAILED = "ConditionalCheckFailed"
"""Why a write of a cancelled transaction is to blame."""


class ConditionFailedError(ConflictError):
    """The row is not as the condition wanted it; `reasons` says which of a transaction's writes, in order."""

    code = "changed_meanwhile"

    def __init__(self, reasons: tuple[str, ...] = ()) -> None:
        super().__init__("It was changed meanwhile. Read it again and repeat the request.")
        self.reasons = reasons


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
        raise UnavailableError("Storage is away for a moment; nothing was changed. Try again.") from error
    except BotoCoreError as error:
        raise UnavailableError("Storage is away for a moment. Try again with the same Idempotency-Key.") from error


def _reasons(response: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(reason.get("Code", "None")) for reason in response.get("CancellationReasons", ()))
