"""The tables as template.yaml has them, for moto."""

from typing import Any

TABLES = ("credentials", "directory", "keys", "sessions", "events", "audit")


def create_tables(client: Any) -> None:
    """All of them, empty."""
    for name in TABLES:
        create_table(client, name)


def empty_tables(client: Any) -> None:
    """As if they were just created."""
    for name in TABLES:
        client.delete_table(TableName=name)
    create_tables(client)


def create_table(client: Any, name: str) -> None:
    """One; another name than the six makes a table with no index."""
    indexes: dict[str, tuple[str, str]] = {
        "credentials": ("due_partition", "due_sort"),
        "events": ("due_partition", "due_sort"),
        "audit": ("credential_key", "sk"),
    }
    names = {"pk", "sk", *indexes.get(name, ())}
    extra: dict[str, Any] = {}
    if name in indexes:
        hash_key, range_key = indexes[name]
        extra["GlobalSecondaryIndexes"] = [
            {
                "IndexName": "by_credential" if name == "audit" else "due",
                "KeySchema": [
                    {"AttributeName": hash_key, "KeyType": "HASH"},
                    {"AttributeName": range_key, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL" if name == "audit" else "KEYS_ONLY"},
            }
        ]
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in sorted(names)],
        BillingMode="PAY_PER_REQUEST",
        **extra,
    )
