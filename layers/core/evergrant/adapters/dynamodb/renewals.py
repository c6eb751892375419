"""The writes of a renewal: they touch its own attributes alone, so that a rename meanwhile is kept."""

from collections.abc import Mapping
from typing import Any

from evergrant.adapters.dynamodb.credential_items import CREDENTIAL_SK, credential_item, credential_pk
from evergrant.adapters.dynamodb.items import key, to_values
from evergrant.domain.credential import Credential
from evergrant.domain.due import FOUR, Shards

_LEASE = ("lease_until", "awaits", "fence", "due_at", "due_partition", "due_sort")
_OUTCOME = (
    *(
        "status",
        "generation",
        "sealed",
        "token_expires_at",
        "token_issued_at",
        "expires_at",
        "scopes",
        "missing_scopes",
        "variables",
    ),
    *("last_verified_at", "last_renewed_at", "last_failure", "failures", "forecast_said", "updated_at", "transitions"),
    *("lease_until", "awaits", "due_at", "due_partition", "due_sort"),
)
_AS_READ = ("generation", "fence")
_HOLDER = (*_AS_READ, "spare")
"""A spare that came meanwhile has to be tried before anything is said to be dead."""
_ANYONE = ("generation", "status", "expires_at")
"""Of whoever has a new secret: what the secret is the successor of, and what else the write was made from."""


def begun(table: str, held: Credential, *, read: Credential, shards: Shards) -> dict[str, Any]:
    """Lease and intent: `fence` as read also says that the lease is as it was read."""
    return _update(table, held, _LEASE, read=read, as_read=_AS_READ, shards=shards)


def finished(table: str, new: Credential, *, held: Credential, only_holder: bool, shards: Shards) -> dict[str, Any]:
    """The outcome. A spare that came meanwhile stays, unless this outcome used one up."""
    names = _OUTCOME if new.spare == held.spare else (*_OUTCOME, "spare")
    as_read = _HOLDER if only_holder else _ANYONE
    return _update(table, new, names, read=held, as_read=as_read, shards=shards)


def spared(table: str, row: Credential) -> dict[str, Any]:
    """A spare of the same grant, whatever else has changed."""
    return _update(table, row, ("spare",), read=row, as_read=("grant",), shards=FOUR)


def _update(
    table: str,
    new: Credential,
    names: tuple[str, ...],
    *,
    read: Credential,
    as_read: tuple[str, ...],
    shards: Shards,
) -> dict[str, Any]:
    item: Mapping[str, Any] = credential_item(new, shards=shards)
    there: Mapping[str, Any] = credential_item(read)
    present = [name for name in names if name in item]
    absent = [name for name in names if name not in item]
    # `version` is counted by the table: a rename may have counted meanwhile.
    writes = "SET " + ", ".join(f"#{name} = :{name}" for name in present) + " ADD version :one"
    removes = " REMOVE " + ", ".join(f"#{name}" for name in absent) if absent else ""
    guards = [f"#{name} = :read_{name}" if name in there else f"attribute_not_exists(#{name})" for name in as_read]
    return {
        "Update": {
            "TableName": table,
            "Key": key(credential_pk(new.credential_id), CREDENTIAL_SK),
            "UpdateExpression": writes + removes,
            "ConditionExpression": " AND ".join([*guards, "deleting = :alive"]),
            "ExpressionAttributeNames": {f"#{name}": name for name in {*names, *as_read}},
            "ExpressionAttributeValues": {f":{name}": item[name] for name in present}
            | {f":read_{name}": there[name] for name in as_read if name in there}
            | to_values({":alive": False, ":one": 1}),
        }
    }


def noted(table: str, new: Credential, *, read: Credential, shards: Shards) -> dict[str, Any]:
    """Its use today, when it is due, failures. No version is counted: a rename meanwhile goes on."""
    item: Mapping[str, Any] = credential_item(new, shards=shards)
    names = [name for name in ("last_read_day", "failures", "due_at", "due_partition", "due_sort") if name in item]
    return {
        "TableName": table,
        "Key": key(credential_pk(new.credential_id), CREDENTIAL_SK),
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in names),
        "ConditionExpression": "version = :read_version",
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
        "ExpressionAttributeValues": {f":{name}": item[name] for name in names}
        | to_values({":read_version": read.version}),
    }
