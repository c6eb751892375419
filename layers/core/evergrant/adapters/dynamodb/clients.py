"""The workspaces' OAuth clients in the Directory table: pk `ws#<workspace>#apps`, sk `client#<slug>`."""

import json
from typing import TYPE_CHECKING

from pydantic import SecretBytes, SecretStr

from evergrant.adapters.dynamodb.client import translated
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, from_item, key, to_item, within_limit
from evergrant.domain.client import OAuthClient
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.sealing import SealContext

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from evergrant.ports.sealing import Sealer


class DynamoDBOAuthClients:
    """`OAuthClients` on DynamoDB: the secret, the further values and where they may go are sealed together."""

    def __init__(self, client: "DynamoDBClient", sealer: "Sealer", *, table: str) -> None:
        self._client, self._sealer, self._table = client, sealer, table

    def find(self, workspace_id: WorkspaceId, app: str) -> OAuthClient | None:
        with translated():
            item = self._client.get_item(
                TableName=self._table, Key=key(f"ws#{workspace_id}#apps", f"client#{app}"), ConsistentRead=True
            ).get("Item")
        if item is None:
            return None
        row = from_item(item)
        opened = self._sealer.open(bytes(row["sealed"]), _context(workspace_id, app, row["client_id"]))
        secrets = json.loads(opened.get_secret_value())
        return OAuthClient(
            workspace_id=workspace_id,
            app=app,
            client_id=row["client_id"],
            client_secret=SecretStr(secrets["client_secret"]) if secrets["client_secret"] else None,
            created_at=at_ms(row["created_at"]),
            scopes=tuple(row["scopes"]),
            extra={name: SecretStr(value) for name, value in secrets["extra"].items()},
            hosts=frozenset(secrets["hosts"]),
        )

    def put(self, client: OAuthClient) -> None:
        secrets = {
            "client_secret": client.client_secret and client.client_secret.get_secret_value(),
            "extra": {name: value.get_secret_value() for name, value in client.extra.items()},
            "hosts": sorted(client.hosts),
        }
        context = _context(client.workspace_id, client.app, client.client_id)
        sealed = self._sealer.seal(SecretBytes(json.dumps(secrets).encode()), context)
        item = key(f"ws#{client.workspace_id}#apps", f"client#{client.app}") | to_item(
            {
                "client_id": client.client_id,
                "scopes": list(client.scopes),
                "created_at": epoch_ms(client.created_at),
                "sealed": sealed,
            }
        )
        with translated():
            self._client.put_item(TableName=self._table, Item=within_limit(item))

    def delete(self, workspace_id: WorkspaceId, app: str) -> None:
        with translated():
            self._client.delete_item(TableName=self._table, Key=key(f"ws#{workspace_id}#apps", f"client#{app}"))


def _context(workspace_id: str, app: str, client_id: str) -> SealContext:
    return SealContext(workspace_id, "", client_id, app, 0, "client_secret")
