"""OAuth round trips in the Sessions table.

The round trip stands under pk `auth#<id>`; `state#<hash>` and `completion#<hash>` point to it, each used once.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from evergrant.adapters.dynamodb.client import ConditionFailedError, transact, translated
from evergrant.adapters.dynamodb.items import (
    at_ms,
    at_ms_or_none,
    epoch_ms,
    epoch_s,
    from_item,
    key,
    to_item,
    to_values,
)
from evergrant.domain.authorization import Authorization
from evergrant.domain.errors import ConnectError
from evergrant.domain.ids import AuthorizationId, CredentialId, UserId, WorkspaceId, is_identifier

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=1)
"""After its end, so that a late callback hears what became of it."""
_SK = "authorization"


class DynamoDBAuthorizations:
    """`Authorizations` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def create(self, authorization: Authorization) -> None:
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_item(authorization),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailedError as error:
            # The very same is this writer's own put, whose answer was lost on the way.
            if self.get(authorization.authorization_id) != authorization:
                raise ConnectError("This was begun already. Begin again.", code="link_used") from error

    def get(self, authorization_id: str) -> Authorization | None:
        if not is_identifier(authorization_id, "auth"):
            return None
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key=key(f"auth#{authorization_id}", _SK), ConsistentRead=True
            ).get("Item")
        return _authorization(found) if found else None

    def start(self, authorization: Authorization, *, state_digest: str) -> None:
        try:
            self._write(authorization, "created", [self._pointer("state", state_digest, authorization)])
        except ConditionFailedError as error:
            raise ConnectError("This link was used already. Ask for a new one.", code="link_used") from error

    def consume(self, kind: Literal["state", "completion"], digest: str) -> Authorization:
        # The pointer stays, marked: a second use can be told from one that never was.
        where, writer = key(f"{kind}#{digest}", kind), secrets.token_hex(8)
        try:
            with translated():
                pointer = self._client.update_item(
                    TableName=self._table,
                    Key=where,
                    UpdateExpression="SET used = :used",
                    ConditionExpression="attribute_exists(pk) AND attribute_not_exists(used)",
                    ExpressionAttributeValues=to_values({":used": writer}),
                    ReturnValues="ALL_NEW",
                )["Attributes"]
        except ConditionFailedError:
            pointer = self._own(kind, where, writer)
        found = self.get(from_item(pointer)["authorization_id"])
        if found is None:
            raise _unknown(kind)
        return found

    def move(self, authorization: Authorization, *, read: Authorization, completion_digest: str | None = None) -> None:
        pointers = [self._pointer("completion", completion_digest, authorization)] if completion_digest else []
        self._write(authorization, read.stage, pointers)

    def awaits(self, state_digest: str) -> bool:
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key=key(f"state#{state_digest}", "state"), ConsistentRead=True
            ).get("Item")
        return found is not None and "used" not in found

    def hold(self, digest: str, sealed: bytes, *, until: datetime) -> None:
        item = key(f"posted#{digest}", "posted") | to_item(
            {"sealed": sealed, "expires_at": epoch_ms(until), "ttl": epoch_s(until)}
        )
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def held(self, digest: str, *, at: datetime) -> bytes | None:
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key=key(f"posted#{digest}", "posted"), ConsistentRead=True
            ).get("Item")
        row = from_item(found) if found else None
        return bytes(row["sealed"]) if row and at < at_ms(row["expires_at"]) else None

    def _own(self, kind: str, where: dict[str, Any], writer: str) -> Mapping[str, Any]:
        """What this writer's earlier try marked, when only its answer was lost."""
        with translated():
            found = self._client.get_item(TableName=self._table, Key=where, ConsistentRead=True).get("Item")
        if found is None:
            raise _unknown(kind)
        if from_item(found).get("used") != writer:
            raise ConnectError(f"This {kind} was used already. Begin again.", code=f"{kind}_used")
        return found

    def _write(self, authorization: Authorization, stage: str, pointers: list[dict[str, Any]]) -> None:
        put = {
            "TableName": self._table,
            "Item": _item(authorization),
            "ConditionExpression": "stage = :stage",
            "ExpressionAttributeValues": to_values({":stage": stage}),
        }
        writes = [{"Put": put}, *({"Put": {"TableName": self._table, "Item": each}} for each in pointers)]
        transact(self._client, writes)

    def _pointer(self, kind: str, digest: str, authorization: Authorization) -> dict[str, Any]:
        return key(f"{kind}#{digest}", kind) | to_item(
            {
                "authorization_id": authorization.authorization_id,
                "ttl": epoch_s(authorization.expires_at + KEPT),
            }
        )


def _unknown(kind: str) -> ConnectError:
    return ConnectError(f"This {kind} is not known here. Begin again.", code=f"{kind}_unknown")


def _item(authorization: Authorization) -> dict[str, Any]:
    return key(f"auth#{authorization.authorization_id}", _SK) | to_item(
        {
            "authorization_id": authorization.authorization_id,
            "workspace_id": authorization.workspace_id,
            "user_id": authorization.user_id,
            "app": authorization.app,
            "redirect_uri": authorization.redirect_uri,
            "created_at": epoch_ms(authorization.created_at),
            "expires_at": epoch_ms(authorization.expires_at),
            "scopes": list(authorization.scopes),
            "way": authorization.way or None,
            "variables": dict(authorization.variables),
            "return_url": authorization.return_url,
            "code_challenge": authorization.code_challenge,
            "credential_id": authorization.credential_id,
            "stage": authorization.stage,
            "sealed_verifier": authorization.sealed_verifier or None,
            "cookie_digest": authorization.cookie_digest,
            "sealed_code": authorization.sealed_code,
            "completion_until": epoch_ms(authorization.completion_until),
            "error": authorization.error,
            "session_id": authorization.session_id,
            "binder_digest": authorization.binder_digest,
            "has_form": authorization.has_form or None,
            "sealed_location": authorization.sealed_location or None,
            "sealed_completion": authorization.sealed_completion or None,
            "ttl": epoch_s(authorization.expires_at + KEPT),
        }
    )


def _authorization(item: Mapping[str, Any]) -> Authorization:
    row = from_item(item)
    credential_id, sealed_code = row.get("credential_id"), row.get("sealed_code")
    return Authorization(
        authorization_id=AuthorizationId(row["authorization_id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        user_id=UserId(row["user_id"]),
        app=row["app"],
        redirect_uri=row["redirect_uri"],
        created_at=at_ms(row["created_at"]),
        expires_at=at_ms(row["expires_at"]),
        scopes=tuple(row["scopes"]),
        way=row.get("way") or "",
        variables=row["variables"],
        return_url=row.get("return_url"),
        code_challenge=row.get("code_challenge"),
        credential_id=None if credential_id is None else CredentialId(credential_id),
        stage=row["stage"],
        sealed_verifier=bytes(row.get("sealed_verifier") or b""),
        cookie_digest=row.get("cookie_digest"),
        sealed_code=None if sealed_code is None else bytes(sealed_code),
        completion_until=at_ms_or_none(row.get("completion_until")),
        error=row.get("error"),
        session_id=row.get("session_id"),
        binder_digest=row.get("binder_digest"),
        has_form=bool(row.get("has_form")),
        sealed_location=bytes(row.get("sealed_location") or b""),
        sealed_completion=bytes(row.get("sealed_completion") or b""),
    )
