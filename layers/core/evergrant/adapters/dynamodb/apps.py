"""A workspace's own apps and overrides in the Directory table: pk `ws#<workspace>#apps`, sk `app#<slug>`."""

from typing import TYPE_CHECKING

from evergrant.adapters.dynamodb.client import translated
from evergrant.adapters.dynamodb.items import from_item, key, to_item
from evergrant.domain.app import App
from evergrant.domain.ids import WorkspaceId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=key(f"ws#{workspace_id}#apps", f"app#{app.slug}") | to_item({"entry": entry}),
            )

    def delete(self, workspace_id: WorkspaceId, slug: str) -> None:
        """Back to the catalogue's."""
        with translated():
            self._client.delete_item(TableName=self._table, Key=key(f"ws#{workspace_id}#apps", f"app#{slug}"))
