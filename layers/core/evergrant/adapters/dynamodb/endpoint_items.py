"""Webhook endpoints as items of the Events table, and back; and the writes that touch a part of one alone."""

from collections.abc import Mapping
from typing import Any

from evergrant.adapters.dynamodb.items import at_ms, at_ms_or_none, epoch_ms, from_item, key, to_item
from evergrant.domain.ids import EndpointId, WorkspaceId
from evergrant.domain.webhooks import Endpoint, OldSecret

_SETTINGS = (
    *("url", "arn", "events", "apps", "user_tags", "description", "paused", "version"),
    *("sealed_secret", "secret_generation", "old_secrets"),
)
"""Its owner's; guarded by `version`."""
_HEALTH = ("failing_since", "disabled_reason")
"""The deliveries'; guarded by itself, and by `version`: what an older address did says nothing of a newer one."""


def endpoints_pk(workspace_id: str) -> str:
    return f"ws#{workspace_id}#endpoints"


def endpoint_key(endpoint: Endpoint) -> dict[str, Any]:
    return key(endpoints_pk(endpoint.workspace_id), endpoint.endpoint_id)


def endpoint_item(endpoint: Endpoint) -> dict[str, Any]:
    return endpoint_key(endpoint) | to_item(
        {
            "kind": "endpoint",
            "workspace_id": endpoint.workspace_id,
            "endpoint_type": endpoint.type,
            "url": endpoint.url,
            "arn": endpoint.arn,
            "created_at": epoch_ms(endpoint.created_at),
            "sealed_secret": endpoint.sealed_secret or None,
            "events": list(endpoint.events),
            "apps": list(endpoint.apps),
            "user_tags": list(endpoint.user_tags),
            "description": endpoint.description,
            "paused": endpoint.paused,
            "failing_since": epoch_ms(endpoint.failing_since),
            "disabled_reason": endpoint.disabled_reason,
            "secret_generation": endpoint.secret_generation,
            "old_secrets": [
                {"sealed": each.sealed, "generation": each.generation, "until": epoch_ms(each.until)}
                for each in endpoint.old_secrets
            ],
            "version": endpoint.version,
        }
    )


def endpoint_of(item: Mapping[str, Any]) -> Endpoint:
    row = from_item(item)
    return Endpoint(
        workspace_id=WorkspaceId(row["workspace_id"]),
        endpoint_id=EndpointId(row["sk"]),
        url=row.get("url"),
        arn=row.get("arn"),
        type=row.get("endpoint_type", "webhook"),
        created_at=at_ms(row["created_at"]),
        sealed_secret=bytes(row.get("sealed_secret", b"")),
        events=tuple(row["events"]),
        apps=tuple(row["apps"]),
        user_tags=tuple(row["user_tags"]),
        description=row.get("description"),
        paused=row["paused"],
        failing_since=at_ms_or_none(row.get("failing_since")),
        disabled_reason=row.get("disabled_reason"),
        secret_generation=int(row["secret_generation"]),
        old_secrets=tuple(
            OldSecret(bytes(each["sealed"]), int(each["generation"]), at_ms(each["until"]))
            for each in row["old_secrets"]
        ),
        version=int(row["version"]),
    )


def changed(table: str, new: Endpoint, *, read: Endpoint) -> dict[str, Any]:
    """Its owner's change; its health too where that is a part of it."""
    forgiven = (new.failing_since, new.disabled_reason) != (read.failing_since, read.disabled_reason)
    return _update(table, new, (*_SETTINGS, *(_HEALTH if forgiven else ())), read=read, guards=("version",))


def noted(table: str, new: Endpoint, *, read: Endpoint) -> dict[str, Any]:
    """What an attempt says of its health."""
    return _update(table, new, _HEALTH, read=read, guards=("version", *_HEALTH))


def _update(
    table: str, new: Endpoint, names: tuple[str, ...], *, read: Endpoint, guards: tuple[str, ...]
) -> dict[str, Any]:
    after, before = endpoint_item(new), endpoint_item(read)
    present = [name for name in names if name in after]
    absent = [name for name in names if name not in after]
    writes = ["SET " + ", ".join(f"#{name} = :{name}" for name in present)] if present else []
    removes = ["REMOVE " + ", ".join(f"#{name}" for name in absent)] if absent else []
    as_read = [f"#{name} = :read_{name}" if name in before else f"attribute_not_exists(#{name})" for name in guards]
    return {
        "TableName": table,
        "Key": endpoint_key(read),
        "UpdateExpression": " ".join([*writes, *removes]),
        "ConditionExpression": " AND ".join(as_read),
        "ExpressionAttributeNames": {f"#{name}": name for name in (*names, *guards)},
        "ExpressionAttributeValues": {f":{name}": after[name] for name in present}
        | {f":read_{name}": before[name] for name in guards if name in before},
    }
