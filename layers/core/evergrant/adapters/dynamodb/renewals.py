"""The two writes of a renewal: they touch its own attributes alone, so that a rename meanwhile is kept."""

from collections.abc import Mapping
from typing import Any

from evergrant.adapters.dynamodb.credential_items import CREDENTIAL_SK, credential_item, credential_pk
from evergrant.adapters.dynamodb.items import key, to_values
from evergrant.domain.credential import Credential

_LEASE = ("lease_until", "fence", "due_at", "due_partition", "due_sort")
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
    *("last_verified_at", "last_renewed_at", "last_failure", "failures", "forecast_said", "updated_at"),
    *("lease_until", "due_at", "due_partition", "due_sort"),
)
_AS_READ = "generation = :read_generation AND fence = :read_fence AND deleting = :alive"


def begun(table: str, held: Credential, *, read: Credential) -> dict[str, Any]:
    """Lease and intent: `fence` as read also says that the lease is as it was read."""
    return _update(table, held, _LEASE, read=read)


def finished(table: str, new: Credential, *, held: Credential) -> dict[str, Any]:
    """The outcome, where neither another worker nor its owner has moved the fence."""
    return _update(table, new, _OUTCOME, read=held)


def _update(table: str, new: Credential, names: tuple[str, ...], *, read: Credential) -> dict[str, Any]:
    item: Mapping[str, Any] = credential_item(new)
    present = [name for name in names if name in item]
    absent = [name for name in names if name not in item]
    # `version` is counted by the table: a rename may have counted meanwhile.
    writes = "SET " + ", ".join(f"#{name} = :{name}" for name in present) + " ADD version :one"
    removes = " REMOVE " + ", ".join(f"#{name}" for name in absent) if absent else ""
    guards: dict[str, object] = {":read_generation": read.generation, ":read_fence": read.fence}
    guards |= {":alive": False, ":one": 1}
    return {
        "Update": {
            "TableName": table,
            "Key": key(credential_pk(new.credential_id), CREDENTIAL_SK),
            "UpdateExpression": writes + removes,
            "ConditionExpression": _AS_READ,
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ExpressionAttributeValues": {f":{name}": item[name] for name in present} | to_values(guards),
        }
    }


def noted(table: str, new: Credential, *, read: Credential) -> dict[str, Any]:
    """Its use today, and what is due earlier for it. No version is counted: a rename meanwhile goes on."""
    item: Mapping[str, Any] = credential_item(new)
    names = [name for name in ("last_read_day", "due_at", "due_partition", "due_sort") if name in item]
    return {
        "TableName": table,
        "Key": key(credential_pk(new.credential_id), CREDENTIAL_SK),
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in names),
        "ConditionExpression": "version = :read_version",
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
        "ExpressionAttributeValues": {f":{name}": item[name] for name in names}
        | to_values({":read_version": read.version}),
    }
