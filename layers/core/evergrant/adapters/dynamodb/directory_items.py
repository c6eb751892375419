"""Workspaces, users and API keys as items of the Directory table, and back."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evergrant.adapters.dynamodb.items import at_ms, at_ms_or_none, epoch_ms, from_item, key, to_item
from evergrant.domain.ids import ApiKeyId, UserId, WorkspaceId
from evergrant.domain.workspace import ApiKey, User, Workspace


def workspace_key(workspace_id: str) -> dict[str, Any]:
    return key(f"ws#{workspace_id}", "workspace")


def users_pk(workspace_id: str) -> str:
    return f"ws#{workspace_id}#users"


def user_key(workspace_id: str, user_id: str) -> dict[str, Any]:
    return key(users_pk(workspace_id), user_id)


def username_key(workspace_id: str, username: str) -> dict[str, Any]:
    """Hashed: a key holds 1024 bytes, and a name may be longer in UTF-8 than it looks."""
    return key(f"ws#{workspace_id}#usernames", hashlib.sha256(username.encode()).hexdigest())


def api_key_key(api_key_id: str) -> dict[str, Any]:
    return key(f"key#{api_key_id}", "key")


def api_keys_pk(workspace_id: str) -> str:
    return f"ws#{workspace_id}#keys"


def workspace_item(workspace: Workspace) -> dict[str, Any]:
    return workspace_key(workspace.workspace_id) | to_item(
        {
            "workspace_id": workspace.workspace_id,
            "name": workspace.name,
            "environment": workspace.environment,
            "created_at": epoch_ms(workspace.created_at),
            "origins": list(workspace.origins),
            "return_urls": list(workspace.return_urls),
            "reconnect_url": workspace.reconnect_url,
            "allow_unbound_oauth": workspace.allow_unbound_oauth,
            "branding": json.dumps(workspace.branding),
        }
    )


def workspace_of(item: Mapping[str, Any]) -> Workspace:
    row = from_item(item)
    return Workspace(
        workspace_id=WorkspaceId(row["workspace_id"]),
        name=row["name"],
        environment=row["environment"],
        created_at=at_ms(row["created_at"]),
        origins=tuple(row["origins"]),
        return_urls=tuple(row["return_urls"]),
        reconnect_url=row.get("reconnect_url"),
        allow_unbound_oauth=row.get("allow_unbound_oauth"),
        branding=json.loads(row["branding"]),
    )


def user_item(user: User) -> dict[str, Any]:
    return user_key(user.workspace_id, user.user_id) | to_item(
        {
            "workspace_id": user.workspace_id,
            "user_id": user.user_id,
            "username": user.username,
            "full_name": user.full_name,
            "email": user.email,
            "tags": list(user.tags),
            "version": user.version,
            "created_at": epoch_ms(user.created_at),
        }
    )


def user_of(item: Mapping[str, Any]) -> User:
    row = from_item(item)
    return User(
        workspace_id=WorkspaceId(row["workspace_id"]),
        user_id=UserId(row["user_id"]),
        username=row["username"],
        full_name=row.get("full_name"),
        email=row.get("email"),
        tags=tuple(row["tags"]),
        version=int(row["version"]),
        created_at=at_ms(row["created_at"]),
    )


def api_key_item(api_key: ApiKey) -> dict[str, Any]:
    return api_key_key(api_key.api_key_id) | to_item(
        {
            "workspace_id": api_key.workspace_id,
            "api_key_id": api_key.api_key_id,
            "name": api_key.name,
            "scopes": list(api_key.scopes),
            "digest": api_key.digest,
            "created_at": epoch_ms(api_key.created_at),
            "expires_at": epoch_ms(api_key.expires_at),
            "revoked": api_key.revoked,
        }
    )


def api_key_of(item: Mapping[str, Any]) -> ApiKey:
    row = from_item(item)
    return ApiKey(
        workspace_id=WorkspaceId(row["workspace_id"]),
        api_key_id=ApiKeyId(row["api_key_id"]),
        name=row["name"],
        scopes=tuple(row["scopes"]),
        digest=row["digest"],
        created_at=at_ms(row["created_at"]),
        expires_at=at_ms_or_none(row.get("expires_at")),
        revoked=row["revoked"],
    )
