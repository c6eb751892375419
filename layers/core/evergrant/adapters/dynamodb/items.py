"""Between Python values and DynamoDB's typed attributes. Epoch milliseconds live here, and only here.

boto3 has a serializer too, but importing it imports boto3 and its resources, which every cold start would pay for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from evergrant.domain.errors import TooLargeError
from evergrant.ports.pages import Page

Row = TypeVar("Row")
SCHEMA_VERSION = 1
MAX_ITEM_BYTES = 390_000
"""Inside DynamoDB's 400 KB."""


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Absent is absent: a None is not stored."""
    stamped = {**values, "schema": SCHEMA_VERSION}
    return {name: _typed(value) for name, value in stamped.items() if value is not None}


def to_values(values: Mapping[str, object]) -> dict[str, Any]:
    """Expression values (`:name`), or a key."""
    return {name: _typed(value) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `to_item` was given; a tuple comes back as a list."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: object) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case Mapping():
            inside = cast("Mapping[str, object]", value)
            return {"M": {name: _typed(each) for name, each in inside.items()}}
        case list() | tuple():
            return {"L": [_typed(each) for each in cast("Iterable[object]", value)]}
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in an item")


def _plain(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value)
        case "M":
            return {name: _plain(each) for name, each in value.items()}
        case "L":
            return [_plain(each) for each in value]
        case _:
            return value


def key(pk: str, sk: str) -> dict[str, Any]:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def starting(after: str | None) -> dict[str, Any]:
    """A scan's arguments that begin after the place of `place_of`."""
    return {"ExclusiveStartKey": key(*after.split(" "))} if after else {}


def place_of(found: Mapping[str, Any]) -> str | None:
    """Where a scan has come; None at its end."""
    last = found.get("LastEvaluatedKey")
    return f"{last['pk']['S']} {last['sk']['S']}" if last else None


def epoch_ms(at: datetime | None) -> int | None:
    """For a time that is stored."""
    return None if at is None else round(at.timestamp() * 1000)


def at_ms(value: Any) -> datetime:
    """A time that was stored."""
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def at_ms_or_none(value: Any) -> datetime | None:
    """A time that may not have been."""
    return None if value is None else at_ms(value)


def epoch_s(at: datetime) -> int:
    """For the `ttl` attribute: seconds."""
    return int(at.timestamp())


def readable(items: Iterable[Mapping[str, Any]], of: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """For lists: a row that cannot be read is logged, and spoils no other."""
    found: list[Row] = []
    for item in items:
        try:
            found.append(of(item))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            from aws_lambda_powertools import Logger

            where = {name: item[name]["S"] for name in ("pk", "sk")}
            told = {**where, "error": type(error).__name__}
            Logger(log_uncaught_exceptions=False).error("row_unreadable", extra=told)
    return found


def page(items: Sequence[Mapping[str, Any]], *, limit: int, of: Callable[[Mapping[str, Any]], Row]) -> Page[Row]:
    """Of `limit` rows, and one more where the list goes on."""
    shown = items[:limit]
    return Page(readable(shown, of), shown[-1]["sk"]["S"] if len(items) > limit else None)


def within_limit(item: dict[str, Any]) -> dict[str, Any]:
    """The item, if DynamoDB takes one of its size. Raises: TooLargeError."""
    if _bytes({"M": item}) > MAX_ITEM_BYTES:
        raise TooLargeError("All of this together is more than can be kept. Send less.")
    return item


def _bytes(typed: Mapping[str, Any]) -> int:
    """As DynamoDB counts, or a little more."""
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(value)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _bytes(each) for name, each in value.items())
        case "L":
            return 3 + sum(1 + _bytes(each) for each in value)
        case _:
            return 21
