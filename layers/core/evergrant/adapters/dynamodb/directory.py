"""The Directory table: workspaces, users (found by id or by name), API keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb import directory_items as items
from evergrant.adapters.dynamodb.client import FAILED, ConditionFailedError, first_of, transact, translated
from evergrant.adapters.dynamodb.items import from_item, page, place_of, starting, to_item, to_values
from evergrant.domain.errors import ConflictError
from evergrant.domain.ids import ApiKeyId, WorkspaceId, is_identifier
from evergrant.domain.workspace import ApiKey, User, Workspace
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_OWN_NAME = "user_id = :id"


class DynamoDBDirectory:
    """`Directory` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def workspace(self, workspace_id: WorkspaceId) -> Workspace | None:
        item = self._get(items.workspace_key(workspace_id))
        return items.workspace_of(item) if item else None

    def put_workspace(self, workspace: Workspace) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=items.workspace_item(workspace))

    def workspaces(self, *, after: str | None) -> Page[WorkspaceId]:
        with translated():
            found = self._client.scan(
                TableName=self._table,
                FilterExpression="sk = :workspace",
                ExpressionAttributeValues=to_values({":workspace": "workspace"}),
                ProjectionExpression="workspace_id",
                **starting(after),
            )
        return Page([WorkspaceId(from_item(item)["workspace_id"]) for item in found["Items"]], place_of(found))

    def user(self, workspace_id: WorkspaceId, id_or_name: str) -> User | None:
        """By id; else by name, in one more read."""
        user_id = id_or_name
        if not is_identifier(id_or_name, "usr"):
            name = self._get(items.username_key(workspace_id, id_or_name))
            if name is None:
                return None
            user_id = name["user_id"]["S"]
        item = self._get(items.user_key(workspace_id, user_id))
        return items.user_of(item) if item else None

    def create_user(self, user: User) -> None:
        self._name_taken([self._claim(user), self._put(items.user_item(user), "attribute_not_exists(pk)")], claims=1)

    def change_user(self, new: User, *, read: User) -> None:
        writes = [self._put(items.user_item(new), "version = :version", {":version": read.version})]
        if new.username != read.username:
            writes = [self._claim(new), *writes, self._release(read)]
        self._name_taken(writes, claims=int(new.username != read.username))

    def delete_user(self, user: User) -> None:
        where = items.user_key(user.workspace_id, user.user_id)
        transact(
            self._client, [self._gone(where, "version = :version", {":version": user.version}), self._release(user)]
        )

    def users(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[User]:
        found = self._query(items.users_pk(workspace_id), after, limit + 1)
        return page(found, limit=limit, of=items.user_of)

    def api_key(self, api_key_id: ApiKeyId) -> ApiKey | None:
        if not is_identifier(api_key_id, "key"):
            return None
        item = self._get(items.api_key_key(api_key_id))
        return items.api_key_of(item) if item else None

    def put_api_key(self, api_key: ApiKey) -> None:
        listed = to_item({"pk": items.api_keys_pk(api_key.workspace_id), "sk": api_key.api_key_id})
        transact(self._client, [self._put(items.api_key_item(api_key)), self._put(listed)])

    def api_keys(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[ApiKey]:
        listed = [ApiKeyId(item["sk"]["S"]) for item in self._query(items.api_keys_pk(workspace_id), after, limit + 1)]
        found = [self.api_key(each) for each in listed[:limit]]
        return Page([each for each in found if each], listed[limit - 1] if len(listed) > limit else None)

    def _get(self, where: dict[str, Any]) -> dict[str, Any] | None:
        with translated():
            return self._client.get_item(TableName=self._table, Key=where, ConsistentRead=True).get("Item")

    def _query(self, pk: str, after: str | None, limit: int) -> list[Any]:
        return first_of(
            self._client,
            at_most=limit,
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk > :after",
            ExpressionAttributeValues=to_values({":pk": pk, ":after": after or " "}),
            ConsistentRead=True,
        )

    def _claim(self, user: User) -> dict[str, Any]:
        name = items.username_key(user.workspace_id, user.username) | to_item({"user_id": user.user_id})
        return self._put(name, f"attribute_not_exists(pk) OR {_OWN_NAME}", {":id": user.user_id})

    def _release(self, user: User) -> dict[str, Any]:
        where = items.username_key(user.workspace_id, user.username)
        return self._gone(where, _OWN_NAME, {":id": user.user_id})

    def _put(
        self, item: dict[str, Any], condition: str | None = None, values: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": item} | _conditional(condition, values)}

    def _gone(self, where: dict[str, Any], condition: str, values: Mapping[str, object]) -> dict[str, Any]:
        return {"Delete": {"TableName": self._table, "Key": where} | _conditional(condition, values)}

    def _name_taken(self, writes: list[dict[str, Any]], *, claims: int) -> None:
        try:
            transact(self._client, writes)
        except ConditionFailedError as error:
            # The name alone: where the user's own row is not as it was read, that comes first.
            if claims and [place for place, each in enumerate(error.reasons) if each == FAILED] == [0]:
                raise ConflictError(
                    "Another user of this workspace has that username. Choose another.", code="username_taken"
                ) from error
            raise


def _conditional(condition: str | None, values: Mapping[str, object] | None) -> dict[str, Any]:
    given: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
    return given | ({"ExpressionAttributeValues": to_values(values)} if values else {})
