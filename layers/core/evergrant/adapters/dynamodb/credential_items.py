"""A credential as an item of the Credentials table, its link item, and back."""

from collections.abc import Mapping
from typing import Any

from evergrant.adapters.dynamodb.items import at_ms, at_ms_or_none, epoch_ms, from_item, to_item
from evergrant.domain import due
from evergrant.domain.credential import Credential, Failure
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId


def credential_pk(credential_id: str) -> str:
    return f"cred#{credential_id}"


def link_pk(workspace_id: str, user_id: str) -> str:
    return f"ws#{workspace_id}#user#{user_id}"


CREDENTIAL_SK = "credential"


def credential_item(credential: Credential, *, shards: due.Shards = due.FOUR) -> dict[str, Any]:
    """The whole row, with its slot in the due index while something is due."""
    failure = credential.last_failure
    place = credential.due_at and due.slot(credential.credential_id, at=credential.due_at, shards=shards)
    return to_item(
        {
            "pk": credential_pk(credential.credential_id),
            "sk": CREDENTIAL_SK,
            "workspace_id": credential.workspace_id,
            "user_id": credential.user_id,
            "user_email": credential.user_email,
            "user_tags": list(credential.user_tags) or None,
            "credential_id": credential.credential_id,
            "app": credential.app,
            "method": credential.kind,
            "way": credential.way or None,
            "name": credential.name,
            "tags": list(credential.tags),
            "status": credential.status,
            "generation": credential.generation,
            "version": credential.version,
            "sealed": credential.sealed,
            "created_at": epoch_ms(credential.created_at),
            "updated_at": epoch_ms(credential.updated_at),
            "expires_at": epoch_ms(credential.expires_at),
            "token_expires_at": epoch_ms(credential.token_expires_at),
            "token_issued_at": epoch_ms(credential.token_issued_at),
            "scopes": list(credential.scopes),
            "missing_scopes": list(credential.missing_scopes),
            "account_id": credential.account_id,
            "variables": dict(credential.variables),
            "last_verified_at": epoch_ms(credential.last_verified_at),
            "last_renewed_at": epoch_ms(credential.last_renewed_at),
            "last_failure": failure
            and {
                "at": epoch_ms(failure.at),
                "code": failure.code,
                "message": failure.message,
                "transient": failure.transient,
            },
            "last_read_day": credential.last_read_day,
            "forecast_said": credential.forecast_said,
            "failures": credential.failures,
            "due_at": epoch_ms(credential.due_at),
            "due_partition": place and place.partition,
            "due_sort": place and place.sort,
            "lease_until": epoch_ms(credential.lease_until),
            "awaits": credential.awaits,
            "fence": credential.fence,
            "grant": credential.grant,
            "spare": credential.spare,
            "transitions": credential.transitions,
            "renewable": credential.renewable,
            "deleting": credential.deleting,
            "deletion_told": credential.deletion_told,
        }
    )


def credential_of(item: Mapping[str, Any]) -> Credential:
    """The row that `credential_item` wrote."""
    row = from_item(item)
    failure = row.get("last_failure")
    return Credential(
        workspace_id=WorkspaceId(row["workspace_id"]),
        user_id=UserId(row["user_id"]),
        user_email=row.get("user_email"),
        user_tags=tuple(row.get("user_tags", ())),
        credential_id=CredentialId(row["credential_id"]),
        app=row["app"],
        kind=row["method"],
        way=row.get("way") or "",
        name=row["name"],
        tags=tuple(row["tags"]),
        status=row["status"],
        generation=int(row["generation"]),
        version=int(row["version"]),
        sealed=bytes(row["sealed"]),
        created_at=at_ms(row["created_at"]),
        updated_at=at_ms(row["updated_at"]),
        expires_at=at_ms_or_none(row.get("expires_at")),
        token_expires_at=at_ms_or_none(row.get("token_expires_at")),
        token_issued_at=at_ms_or_none(row.get("token_issued_at")),
        scopes=tuple(row["scopes"]),
        missing_scopes=tuple(row["missing_scopes"]),
        account_id=row.get("account_id"),
        variables=row["variables"],
        last_verified_at=at_ms_or_none(row.get("last_verified_at")),
        last_renewed_at=at_ms_or_none(row.get("last_renewed_at")),
        last_failure=failure
        and Failure(
            at=at_ms(failure["at"]),
            code=failure["code"],
            message=failure["message"],
            transient=failure["transient"],
        ),
        last_read_day=row.get("last_read_day"),
        forecast_said=row.get("forecast_said"),
        failures=int(row["failures"]),
        due_at=at_ms_or_none(row.get("due_at")),
        lease_until=at_ms_or_none(row.get("lease_until")),
        awaits=row.get("awaits", False),
        fence=int(row["fence"]),
        grant=int(row.get("grant", 1)),
        spare=bytes(row["spare"]) if row.get("spare") else None,
        transitions=int(row.get("transitions", 0)),
        renewable=row.get("renewable", False),
        deleting=row["deleting"],
        deletion_told=row.get("deletion_told", False),
    )
