"""A workspace's own apps and overrides in the Directory table: pk `ws#<workspace>#apps`, sk `app#<slug>`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import transact, translated
from evergrant.adapters.dynamodb.items import from_item, key, to_item, to_values
from evergrant.domain.app import App
from evergrant.domain.ids import WorkspaceId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


APPS_VERSION_SK = "version"


def apps_version_key(workspace_id: str) -> dict[str, Any]:
    """Where a workspace's changes of its own apps are counted."""
    return key(f"ws#{workspace_id}#apps", APPS_VERSION_SK)


def apps_version_of(item: Mapping[str, Any] | None) -> int:
    """0 where nothing was ever changed."""
    return int(from_item(item)["version"]) if item else 0


class DynamoDBOwnApps:
    """Checked when they were put, in the same schema as the catalogue."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def find(self, workspace_id: WorkspaceId, slug: str) -> App | None:
        """The workspace's own entry."""
        with translated():
            item = self._client.get_item(
                TableName=self._table, Key=key(f"ws#{workspace_id}#apps", f"app#{slug}"), ConsistentRead=True
            ).get("Item")
        return App.model_validate_json(from_item(item)["entry"], context={"loopback": True}) if item else None

    def put(self, workspace_id: WorkspaceId, app: App) -> None:
        """Replace it."""
        entry = app.model_dump_json(exclude_defaults=False)
        item = key(f"ws#{workspace_id}#apps", f"app#{app.slug}") | to_item({"entry": entry})
        self._write({"Put": {"TableName": self._table, "Item": item}}, workspace_id)

    def delete(self, workspace_id: WorkspaceId, slug: str) -> None:
        """Back to the catalogue's."""
        where = key(f"ws#{workspace_id}#apps", f"app#{slug}")
        self._write({"Delete": {"TableName": self._table, "Key": where}}, workspace_id)

    def _write(self, write: dict[str, Any], workspace_id: WorkspaceId) -> None:
        """With the count of changes, by which a warm environment knows that what it remembers is old."""
        counted = {
            "TableName": self._table,
            "Key": apps_version_key(workspace_id),
            "UpdateExpression": "ADD version :one",
            "ExpressionAttributeValues": to_values({":one": 1}),
        }
        transact(self._client, [write, {"Update": counted}])
