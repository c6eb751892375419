"""Between Python values and DynamoDB's typed attributes. Epoch milliseconds live here, and only here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

SCHEMA_VERSION = 1

_serializer, _deserializer = TypeSerializer(), TypeDeserializer()


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Absent is absent: a None is not stored."""
    stamped = {**values, "schema": SCHEMA_VERSION}
    return {name: _serializer.serialize(value) for name, value in stamped.items() if value is not None}


def to_values(values: Mapping[str, object]) -> dict[str, Any]:
    """Expression values (`:name`), or a key."""
    return {name: _serializer.serialize(value) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers come back as Decimal, bytes as Binary: the readers convert by name."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def key(pk: str, sk: str) -> dict[str, Any]:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


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
