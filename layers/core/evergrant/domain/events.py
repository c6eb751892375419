"""Facts about credentials, as the outbox keeps them and a webhook delivers them; and the audit trail's lines."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast, get_args

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
BODY_BYTES = 20_000
"""A receiver need not take more (Standard Webhooks: "payload size")."""
_CUTS = ((4096, 100), (4096, 10), (1024, 10), (256, 5), (64, 5))
"""The longest text and the most members of a list that are left; the first that fits is taken."""
_NO_XML = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})
"""SQS takes XML's characters alone; JSON has its own way to write the others."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. It has no field that could hold a secret."""

    event_id: EventId
    workspace_id: WorkspaceId
    type: EventType
    at: datetime
    user_id: UserId | None = None
    user_email: str | None = None
    user_tags: tuple[str, ...] = ()
    """Its user's then, for endpoints that hear of some users alone; they are not sent."""
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
        """The delivery's body: the four names at the top level are the contract.

        At most `BODY_BYTES` as `text`: what is too long is cut, and `truncated` says so. Ids, states and the address
        are whole in any case.
        """
        return next(each for each in self._bodies() if len(_text(each).encode()) <= BODY_BYTES)

    def text(self) -> str:
        """The body as it is signed and sent."""
        return _text(self.body())

    def _bodies(self) -> Iterator[dict[str, object]]:
        """The whole one, and each shorter than the one before."""
        whole: dict[str, object] = {
            "id": self.event_id,
            "type": self.type,
            "timestamp": iso(self.at),
            "workspaceId": self.workspace_id,
            "userId": self.user_id,
            "userEmail": self.user_email,
            "credentialId": self.credential_id,
            "credentialName": self.credential_name,
            "data": dict(self.data),
        }
        yield whole
        for longest, most in _CUTS:
            name, data = (_cut(whole[each], longest, most) for each in ("credentialName", "data"))
            yield {**whole, "credentialName": name, "data": data, "truncated": True}


def _text(body: dict[str, object]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).translate(_NO_XML)


def _cut(value: object, longest: int, most: int) -> object:
    match value:
        case str() if len(value) > longest:
            return f"{value[: longest - 1]}…"
        case dict():
            members = cast("dict[str, object]", value)
            return {name: _cut(each, longest, most) for name, each in members.items()}
        case list() | tuple():
            return [_cut(each, longest, most) for each in cast("list[object]", value)[:most]]
        case _:
            return value


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
