"""The Audit table: `ws#<workspace>` by time, and by credential through an index. Only ever put."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import newest_of, translated
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, from_item, page, place_of, starting, to_item, to_values
from evergrant.domain.events import AuditLine
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId, is_identifier, time_floor
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def audit_item(line: AuditLine) -> dict[str, Any]:
    """One line; its id is its place in time."""
    return to_item(
        {
            "pk": f"ws#{line.workspace_id}",
            "sk": line.audit_id,
            "credential_key": line.credential_id and f"{line.workspace_id}#{line.credential_id}",
            "workspace_id": line.workspace_id,
            "at": epoch_ms(line.at),
            "action": line.action,
            "actor": line.actor,
            "credential_id": line.credential_id,
            "user_id": line.user_id,
            "detail": dict(line.detail),
        }
    )


def _line(item: Mapping[str, Any]) -> AuditLine:
    row = from_item(item)
    credential_id, user_id = row.get("credential_id"), row.get("user_id")
    return AuditLine(
        audit_id=row["sk"],
        workspace_id=WorkspaceId(row["workspace_id"]),
        at=at_ms(row["at"]),
        action=row["action"],
        actor=row["actor"],
        credential_id=credential_id and CredentialId(credential_id),
        user_id=user_id and UserId(user_id),
        detail=row["detail"],
    )


class DynamoDBAudit:
    """The append-only trail: no role of the template may update or delete here."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def append(self, line: AuditLine) -> None:
        with translated():
            self._client.put_item(TableName=self._table, Item=audit_item(line))

    def lines(
        self,
        workspace_id: WorkspaceId,
        *,
        credential_id: CredentialId | None,
        since: datetime | None,
        limit: int,
        after: str | None,
    ) -> Page[AuditLine]:
        if credential_id and not is_identifier(credential_id, "cred"):
            return Page([])
        name, value = (
            ("credential_key", f"{workspace_id}#{credential_id}")
            if credential_id
            else (
                "pk",
                f"ws#{workspace_id}",
            )
        )
        floor = time_floor("aud", at=since) if since else "aud_"
        index = {"IndexName": "by_credential"} if credential_id else {}
        found = newest_of(
            self._client,
            table=self._table,
            name=name,
            key=value,
            floor=floor,
            ceiling="aud_~",
            limit=limit,
            after=after,
            **index,
        )
        return page(found, limit=limit, of=_line)

    def deletions(self, since: datetime, *, after: str | None) -> Page[CredentialId]:
        """A part of a whole scan: it is asked for after a restore alone."""
        with translated():
            found = self._client.scan(
                TableName=self._table,
                FilterExpression="#action = :deleted AND #at >= :since",
                ExpressionAttributeNames={"#action": "action", "#at": "at"},
                ExpressionAttributeValues=to_values({":deleted": "credential.deleted", ":since": epoch_ms(since)}),
                ProjectionExpression="credential_id",
                **starting(after),
            )
        return Page([CredentialId(from_item(item)["credential_id"]) for item in found["Items"]], place_of(found))
