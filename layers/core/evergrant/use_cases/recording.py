"""Making the event and the audit line that go with a change of state."""

from datetime import datetime

from evergrant.domain.authorization import Authorization
from evergrant.domain.credential import Credential
from evergrant.domain.events import AuditLine, Event, EventType
from evergrant.domain.ids import ENTROPY_BYTES, EventId, identifier
from evergrant.ports.system import Entropy
from evergrant.ports.workspaces import Directory


def credential_event(
    type_: EventType, credential: Credential, *, directory: Directory, at: datetime, entropy: Entropy, **data: object
) -> Event:
    """`data` always has `app`, `status` and `version`. Address and tags are its user's now, or of one gone the last."""
    user = directory.user(credential.workspace_id, credential.user_id)
    return Event(
        event_id=EventId(identifier("evt", at=at, entropy=entropy.bytes(ENTROPY_BYTES))),
        workspace_id=credential.workspace_id,
        type=type_,
        at=at,
        user_id=credential.user_id,
        user_email=user.email if user else credential.user_email,
        user_tags=user.tags if user else credential.user_tags,
        credential_id=credential.credential_id,
        credential_name=credential.name,
        data={"app": credential.app, "status": credential.status, "version": credential.version, **data},
    )


def audit_line(
    action: str, credential: Credential, *, actor: str, at: datetime, entropy: Entropy, **detail: str
) -> AuditLine:
    """A line about one credential."""
    return AuditLine(
        audit_id=identifier("aud", at=at, entropy=entropy.bytes(ENTROPY_BYTES)),
        workspace_id=credential.workspace_id,
        at=at,
        action=action,
        actor=actor,
        credential_id=credential.credential_id,
        user_id=credential.user_id,
        detail=detail,
    )


def connect_line(
    action: str, authorization: Authorization, *, at: datetime, entropy: Entropy, **detail: str
) -> AuditLine:
    """A line about a round trip that made no credential."""
    return AuditLine(
        audit_id=identifier("aud", at=at, entropy=entropy.bytes(ENTROPY_BYTES)),
        workspace_id=authorization.workspace_id,
        at=at,
        action=action,
        actor=f"user:{authorization.user_id}",
        credential_id=authorization.credential_id,
        user_id=authorization.user_id,
        detail={"app": authorization.app, "authorizationId": authorization.authorization_id, **detail},
    )
