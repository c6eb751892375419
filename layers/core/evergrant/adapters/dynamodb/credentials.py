"""The Credentials table: a row and a link item each; each change in one transaction with what tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.apps import APPS_VERSION_SK, apps_version_key, apps_version_of
from evergrant.adapters.dynamodb.audit import audit_item
from evergrant.adapters.dynamodb.client import FAILED, ConditionFailedError, transact, translated
from evergrant.adapters.dynamodb.credential_items import (
    CREDENTIAL_SK,
    credential_item,
    credential_of,
    credential_pk,
    link_pk,
)
from evergrant.adapters.dynamodb.directory_items import api_key_key, api_key_of, user_key
from evergrant.adapters.dynamodb.items import (
    at_ms,
    epoch_ms,
    epoch_s,
    from_item,
    readable,
    to_item,
    to_values,
    within_limit,
)
from evergrant.adapters.dynamodb.items import key as item_key
from evergrant.adapters.dynamodb.renewals import begun, finished, noted, spared
from evergrant.domain.credential import Credential
from evergrant.domain.due import FOUR, Shards
from evergrant.domain.errors import NotFoundError, UnavailableError
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import ApiKeyId, CredentialId, UserId, WorkspaceId, is_identifier
from evergrant.ports.credentials import KeyedRead
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SAID_FOR = timedelta(days=30)
"""What concerns many credentials is said once in this time."""


class DynamoDBCredentialStore:
    """`CredentialStore` on DynamoDB."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        table: str,
        directory_table: str,
        events_table: str,
        audit_table: str,
        event_retention: timedelta,
        shards: Shards = FOUR,
    ) -> None:
        self.client, self.table, self._retention, self._shards = client, table, event_retention, shards
        self._directory, self._events, self._audit = directory_table, events_table, audit_table

    def get(self, credential_id: CredentialId) -> Credential | None:
        found = self.find(credential_id)
        return None if found is None or found.deleting else found

    def find(self, credential_id: CredentialId) -> Credential | None:
        if not is_identifier(credential_id, "cred"):
            return None
        with translated():
            found = self.client.get_item(
                TableName=self.table,
                Key=item_key(credential_pk(credential_id), CREDENTIAL_SK),
                ConsistentRead=True,
            )
        item = found.get("Item")
        return credential_of(item) if item else None

    def get_with_key(self, credential_id: CredentialId, key: ApiKeyId, workspace_id: WorkspaceId) -> KeyedRead:
        """One BatchGetItem over two tables, consistent in both."""
        wanted: dict[str, Any] = {
            self._directory: {"Keys": [api_key_key(key), apps_version_key(workspace_id)], "ConsistentRead": True},
        }
        if is_identifier(credential_id, "cred"):
            keys = [item_key(credential_pk(credential_id), CREDENTIAL_SK)]
            wanted[self.table] = {"Keys": keys, "ConsistentRead": True}
        with translated():
            answer = self.client.batch_get_item(RequestItems=wanted)
        if answer.get("UnprocessedKeys"):
            raise UnavailableError
        found = answer["Responses"]
        credential = _credential(next(iter(found.get(self.table, [])), None))
        rows = {str(from_item(row)["sk"]): row for row in found.get(self._directory, [])}
        api_key = api_key_of(rows["key"]) if "key" in rows else None
        return KeyedRead(credential, api_key, apps_version_of(rows.get(APPS_VERSION_SK)))

    def create(self, credential: Credential, *, event: Event, audit: AuditLine) -> None:
        link = {
            "pk": link_pk(credential.workspace_id, credential.user_id),
            "sk": credential.credential_id,
            "app": credential.app,
        }
        try:
            self.transact(
                [
                    self._there(user_key(credential.workspace_id, credential.user_id)),
                    self._put(
                        self.table,
                        within_limit(credential_item(credential, shards=self._shards)),
                        "attribute_not_exists(pk)",
                    ),
                    self._put(self.table, to_item(link)),
                    *self._telling(event, audit),
                ]
            )
        except ConditionFailedError as error:
            if error.reasons[:1] == (FAILED,):
                raise NotFoundError from error
            raise

    def change(
        self, new: Credential, *, read: Credential, event: Event | None = None, audit: AuditLine | None = None
    ) -> None:
        put = self._put(
            self.table,
            within_limit(credential_item(new, shards=self._shards)),
            "version = :version AND generation = :generation AND fence = :fence",
            {":version": read.version, ":generation": read.generation, ":fence": read.fence},
        )
        self.transact([put, *self._telling(event, audit)])

    def delete(self, read: Credential, *, event: Event | None, audit: AuditLine) -> None:
        gone = {
            "TableName": self.table,
            "Key": item_key(credential_pk(read.credential_id), CREDENTIAL_SK),
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": to_values({":version": read.version}),
        }
        link = {
            "TableName": self.table,
            "Key": item_key(link_pk(read.workspace_id, read.user_id), read.credential_id),
        }
        self.transact([{"Delete": gone}, {"Delete": link}, *self._telling(event, audit)])

    def of_user(
        self, workspace_id: WorkspaceId, user_id: UserId, *, app: str | None, limit: int, after: str | None
    ) -> Page[Credential]:
        values: dict[str, object] = {":pk": link_pk(workspace_id, user_id), ":after": after or " "}
        narrowed: dict[str, Any] = {"FilterExpression": "app = :app"} if app else {}
        if app:
            values[":app"] = app
        ids: list[str] = []
        start: dict[str, Any] = {}
        while len(ids) <= limit:
            with translated():
                found = self.client.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk AND sk > :after",
                    ExpressionAttributeValues=to_values(values),
                    ConsistentRead=True,
                    **narrowed,
                    **start,
                )
            ids += [str(from_item(item)["sk"]) for item in found["Items"]]
            if "LastEvaluatedKey" not in found:
                break
            start = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
        shown = ids[:limit]
        return Page(self._many(shown), shown[-1] if len(ids) > limit else None)

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[CredentialId, datetime]]:
        found: list[tuple[CredentialId, datetime]] = []
        start: dict[str, Any] = {}
        while True:
            with translated():
                page = self.client.query(
                    TableName=self.table,
                    IndexName="due",
                    KeyConditionExpression="due_partition = :partition AND due_sort <= :until",
                    ExpressionAttributeValues=to_values(
                        {":partition": partition, ":until": f"{epoch_ms(until):013d}#~"}
                    ),
                    **start,
                )
            for item in page["Items"]:
                due, _, identity = str(from_item(item)["due_sort"]).partition("#")
                found.append((CredentialId(identity), at_ms(due)))
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def begin_renewal(
        self, read: Credential, *, lease_until: datetime, due_at: datetime, awaits: bool = False
    ) -> Credential | None:
        counted = replace(read, fence=read.fence + 1, version=read.version + 1)
        held = replace(counted, lease_until=lease_until, due_at=due_at, awaits=awaits)
        try:
            self.transact([begun(self.table, held, read=read, shards=self._shards)])
        except ConditionFailedError:
            return None
        return held

    def finish_renewal(
        self,
        new: Credential,
        *,
        held: Credential,
        event: Event | None,
        audit: AuditLine | None,
        once: str | None = None,
        also: tuple[Event, AuditLine] | None = None,
        only_holder: bool = True,
    ) -> bool:
        write = finished(self.table, new, held=held, only_holder=only_holder, shards=self._shards)
        telling = [*self._telling(event, audit), *(self._telling(*also) if also else [])]
        if event and once:
            telling = [self._first_of(once, event), *telling]
        try:
            self.transact([write, *telling])
        except ConditionFailedError as error:
            if error.reasons[:2] != ("None", "ConditionalCheckFailed"):
                return False
            return self.finish_renewal(new, held=held, event=None, audit=None, also=also, only_holder=only_holder)
        return True

    def keep_spare(self, read: Credential, spare: bytes) -> bool:
        try:
            self.transact([spared(self.table, replace(read, spare=spare))])
        except ConditionFailedError:
            return False
        return True

    def note(self, new: Credential, *, read: Credential) -> bool:
        try:
            with translated():
                self.client.update_item(**noted(self.table, new, read=read, shards=self._shards))
        except ConditionFailedError:
            return False
        return True

    def transact(self, writes: Sequence[Mapping[str, Any]]) -> None:
        transact(self.client, writes)

    def _many(self, ids: Sequence[str]) -> list[Credential]:
        keys: list[Any] = [item_key(credential_pk(identity), CREDENTIAL_SK) for identity in ids]
        items: list[Any] = []
        while keys:
            with translated():
                answer = self.client.batch_get_item(
                    RequestItems={self.table: {"Keys": keys[:100], "ConsistentRead": True}}
                )
            items += answer["Responses"].get(self.table, [])
            unprocessed: Any = answer.get("UnprocessedKeys", {}).get(self.table, {"Keys": []})
            keys = keys[100:] + unprocessed["Keys"]
        found = [credential for credential in readable(items, _credential) if credential]
        return sorted(found, key=lambda credential: credential.credential_id)

    def _telling(self, event: Event | None, audit: AuditLine | None) -> list[dict[str, Any]]:
        from evergrant.adapters.dynamodb.events import event_item

        writes: list[dict[str, Any]] = []
        if event:
            writes.append(self._put(self._events, event_item(event, retention=self._retention, shards=self._shards)))
        if audit:
            writes.append(self._put(self._audit, audit_item(audit)))
        return writes

    def _first_of(self, once: str, event: Event) -> dict[str, Any]:
        """Said already: refused, with all that would be said again."""
        until = event.at + SAID_FOR
        marker = item_key(f"ws#{event.workspace_id}#once", once) | to_item({"ttl": epoch_s(until)})
        condition = "attribute_not_exists(pk) OR #ttl < :now"
        put = self._put(self._events, marker, condition, {":now": epoch_s(event.at)})
        put["Put"]["ExpressionAttributeNames"] = {"#ttl": "ttl"}
        return put

    def _there(self, where: dict[str, Any]) -> dict[str, Any]:
        return {
            "ConditionCheck": {
                "TableName": self._directory,
                "Key": where,
                "ConditionExpression": "attribute_exists(pk)",
            }
        }

    @staticmethod
    def _put(
        table: str,
        item: dict[str, Any],
        condition: str | None = None,
        values: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": table, "Item": item}
        if condition:
            put["ConditionExpression"] = condition
        if values:
            put["ExpressionAttributeValues"] = to_values(values)
        return {"Put": put}


def _credential(item: Mapping[str, Any] | None) -> Credential | None:
    credential = credential_of(item) if item else None
    return None if credential is None or credential.deleting else credential
