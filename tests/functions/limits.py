"""What DynamoDB would say that moto does not: a key has a length."""

from collections.abc import Iterator
from typing import Any, cast

from botocore.exceptions import ClientError

LONGEST = {"pk": 2048, "sk": 1024}


def refuse_long_keys(operation: str, parameters: dict[str, Any]) -> None:
    """Raises: ClientError, as DynamoDB would."""
    if any(len(text.encode()) > longest for text, longest in _keys(operation, parameters)):
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "a key is too long"}}, operation)


def _keys(operation: str, parameters: object) -> Iterator[tuple[str, int]]:
    if isinstance(parameters, list):
        for each in cast("list[object]", parameters):
            yield from _keys(operation, each)
    elif isinstance(parameters, dict):
        for name, value in cast("dict[str, Any]", parameters).items():
            if name in LONGEST:
                yield value["S"], LONGEST[name]
            elif name == "ExpressionAttributeValues" and operation == "Query":
                yield from ((each["S"], LONGEST["pk"]) for each in value.values() if "S" in each)
            else:
                yield from _keys(operation, value)
