"""Connect sessions in the Sessions table: pk `session#<id>`."""

from typing import TYPE_CHECKING

from evergrant.adapters.dynamodb.client import ConditionFailedError, translated
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, epoch_s, from_item, key, to_item, to_values
from evergrant.domain.errors import ConnectError
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId, is_identifier
from evergrant.domain.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SK = "session"


class DynamoDBSessions:
    """`Sessions` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client, self._table = client, table

    def put(self, session: Session) -> None:
        item = key(f"session#{session.session_id}", _SK) | to_item(
            {
                "workspace_id": session.workspace_id,
                "user_id": session.user_id,
                "session_id": session.session_id,
                "digest": session.digest,
                "created_at": epoch_ms(session.created_at),
                "expires_at": epoch_ms(session.expires_at),
                "apps": list(session.apps),
                "credential_id": session.credential_id,
                "scopes": list(session.scopes),
                "return_url": session.return_url,
                "code_challenge": session.code_challenge,
                "locale": session.locale,
                "hosted": session.hosted or None,
                "link_digest": session.link_digest,
                "ttl": epoch_s(session.expires_at),
            }
        )
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def get(self, session_id: str) -> Session | None:
        if not is_identifier(session_id, "ses"):
            return None
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key=key(f"session#{session_id}", _SK), ConsistentRead=True
            ).get("Item")
        if found is None:
            return None
        row = from_item(found)
        credential_id = row.get("credential_id")
        return Session(
            workspace_id=WorkspaceId(row["workspace_id"]),
            user_id=UserId(row["user_id"]),
            session_id=row["session_id"],
            digest=row["digest"],
            created_at=at_ms(row["created_at"]),
            expires_at=at_ms(row["expires_at"]),
            apps=tuple(row["apps"]),
            credential_id=None if credential_id is None else CredentialId(credential_id),
            scopes=tuple(row["scopes"]),
            return_url=row.get("return_url"),
            code_challenge=row.get("code_challenge"),
            locale=row.get("locale"),
            hosted=bool(row.get("hosted")),
            link_digest=row.get("link_digest"),
        )

    def redeem(self, session: Session, digest: str) -> None:
        # A redemption whose answer was lost on the way is tried again by the client: it finds its own digest.
        as_read = "(attribute_exists(link_digest) AND link_digest = :link) OR digest = :digest"
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=key(f"session#{session.session_id}", _SK),
                    UpdateExpression="SET digest = :digest REMOVE link_digest",
                    ConditionExpression=as_read,
                    ExpressionAttributeValues=to_values({":digest": digest, ":link": session.link_digest}),
                )
        except ConditionFailedError as error:
            raise ConnectError("This link was used already. Ask for a new one.", code="link_used") from error
