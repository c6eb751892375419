"""Facts about credentials, as the outbox keeps them and a webhook delivers them; and the audit trail's lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from evergrant.domain.ids import CredentialId, EventId, UserId, WorkspaceId
from evergrant.domain.times import iso

EventType = Literal[
    "credential.created",
    "credential.updated",
    "credential.reconnected",
    "credential.expiring",
    "credential.degraded",
    "credential.recovered",
    "credential.expired",
    "credential.deleted",
    "credential.scopes_changed",
    "app.misconfigured",
    "endpoint.disabled",
    "webhook.test",
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
DEFAULT_TYPES: tuple[EventType, ...] = ("credential.expired",)
"""What an endpoint gets that names no types."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. It has no field that could hold a secret."""

    event_id: EventId
    workspace_id: WorkspaceId
    type: EventType
    at: datetime
    user_id: UserId | None = None
    user_email: str | None = None
    credential_id: CredentialId | None = None
    credential_name: str | None = None
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    only_endpoint: str | None = None
    """For `webhook.test`: the one endpoint that is to hear of it."""

    @property
    def has_address(self) -> bool:
        """Its user's e-mail address; a credential that nobody named is called by its app and user's name."""
        return self.user_email is not None or "@" in (self.credential_name or "")

    def body(self) -> dict[str, object]:
        """The delivery's body: the four names at the top level are the contract."""
        return {
            "id": self.event_id,
            "type": self.type,
            "timestamp": iso(self.at),
            "userId": self.user_id,
            "userEmail": self.user_email,
            "credentialId": self.credential_id,
            "credentialName": self.credential_name,
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who did what to which credential, when, with which key. Never changed, never deleted."""

    audit_id: str
    workspace_id: WorkspaceId
    at: datetime
    action: str
    actor: str
    credential_id: CredentialId | None = None
    user_id: UserId | None = None
    detail: Mapping[str, str] = field(default_factory=dict[str, str])
