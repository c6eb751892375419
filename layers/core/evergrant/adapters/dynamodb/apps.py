"""A workspace's own apps and overrides in the Directory table: pk `ws#<workspace>#apps`, sk `app#<slug>`.

Each of their aliases stands beside them, `alias#<alias>`, and names the slug.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import transact, translated
from evergrant.adapters.dynamodb.items import from_item, key, readable, to_item, to_values, within_limit
from evergrant.domain.app import App
from evergrant.domain.app.vocabulary import LONGEST_ALIAS, is_slug
from evergrant.domain.ids import WorkspaceId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


APPS_VERSION_SK = "version"
CLIENT = "client#"
"""Of the workspace's OAuth clients, which stand under the same pk."""
_ENTRY, _ALIAS = "app#", "alias#"


def apps_version_key(workspace_id: str) -> dict[str, Any]:
    """Where a workspace's changes of its own apps are counted."""
    return key(_pk(workspace_id), APPS_VERSION_SK)


def apps_version_of(item: Mapping[str, Any] | None) -> int:
    """0 where nothing was ever changed."""
    return int(from_item(item)["version"]) if item else 0


class DynamoDBOwnApps:
    """`OwnApps` on DynamoDB: checked when they were put, in the same schema as the catalogue."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def find(self, workspace_id: WorkspaceId, slug: str) -> App | None:
        if not is_slug(slug):
            return None
        item = self._get(_entry_key(workspace_id, slug))
        return _app(item) if item else None

    def named(self, workspace_id: WorkspaceId, alias: str) -> App | None:
        if len(alias) > LONGEST_ALIAS:
            return None
        item = self._get(_alias_key(workspace_id, alias))
        found = self.find(workspace_id, from_item(item)["slug"]) if item else None
        return found if found and alias in found.aliases else None

    def all(self, workspace_id: WorkspaceId) -> Sequence[App]:
        items: list[Any] = []
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :entries)",
            ExpressionAttributeValues=to_values({":pk": _pk(workspace_id), ":entries": _ENTRY}),
            ConsistentRead=True,
        )
        with translated():
            for each in pages:
                items += each["Items"]
        return readable(items, _app)

    def with_client(self, workspace_id: WorkspaceId) -> frozenset[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :clients)",
            ExpressionAttributeValues=to_values({":pk": _pk(workspace_id), ":clients": CLIENT}),
            ProjectionExpression="sk",
            ConsistentRead=True,
        )
        with translated():
            return frozenset(from_item(item)["sk"].removeprefix(CLIENT) for page in pages for item in page["Items"])

    def put(self, workspace_id: WorkspaceId, app: App) -> None:
        item = _entry_key(workspace_id, app.slug) | to_item({"entry": app.model_dump_json(exclude_defaults=False)})
        names = [_alias_key(workspace_id, each) | to_item({"slug": app.slug}) for each in app.aliases]
        self._write(
            [
                {"Put": {"TableName": self._table, "Item": within_limit(item)}},
                *({"Put": {"TableName": self._table, "Item": each}} for each in names),
                *self._forgotten(workspace_id, app.slug, kept=app.aliases),
            ],
            workspace_id,
        )

    def delete(self, workspace_id: WorkspaceId, slug: str) -> None:
        gone = {"Delete": {"TableName": self._table, "Key": _entry_key(workspace_id, slug)}}
        self._write([gone, *self._forgotten(workspace_id, slug, kept=())], workspace_id)

    def _forgotten(self, workspace_id: WorkspaceId, slug: str, *, kept: Sequence[str]) -> list[dict[str, Any]]:
        before = self.find(workspace_id, slug)
        gone = [each for each in before.aliases if each not in kept] if before else []
        return [{"Delete": {"TableName": self._table, "Key": _alias_key(workspace_id, each)}} for each in gone]

    def _get(self, where: dict[str, Any]) -> dict[str, Any] | None:
        with translated():
            return self._client.get_item(TableName=self._table, Key=where, ConsistentRead=True).get("Item")

    def _write(self, writes: list[dict[str, Any]], workspace_id: WorkspaceId) -> None:
        """With the count of changes, by which a warm environment knows that what it remembers is old."""
        counted = {
            "TableName": self._table,
            "Key": apps_version_key(workspace_id),
            "UpdateExpression": "ADD version :one",
            "ExpressionAttributeValues": to_values({":one": 1}),
        }
        transact(self._client, [*writes, {"Update": counted}])


def _pk(workspace_id: str) -> str:
    return f"ws#{workspace_id}#apps"


def _entry_key(workspace_id: str, slug: str) -> dict[str, Any]:
    return key(_pk(workspace_id), f"{_ENTRY}{slug}")


def _alias_key(workspace_id: str, alias: str) -> dict[str, Any]:
    return key(_pk(workspace_id), f"{_ALIAS}{alias}")


def _app(item: Mapping[str, Any]) -> App:
    return App.model_validate_json(from_item(item)["entry"], context={"loopback": True})
