"""Workspaces, their users and their API keys."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from evergrant.domain import bearer
from evergrant.domain.ids import ApiKeyId, UserId, WorkspaceId, is_identifier

Environment = Literal["production", "development"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """One environment of one owner: the tenant boundary."""

    workspace_id: WorkspaceId
    name: str
    environment: Environment
    created_at: datetime
    origins: tuple[str, ...] = ()
    return_urls: tuple[str, ...] = ()
    reconnect_url: str | None = None
    allow_unbound_oauth: bool | None = None
    branding: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def takes_unbound_oauth(self) -> bool:
        """Whether a bare `oauthUrl` is allowed: by default in development only."""
        return self.environment == "development" if self.allow_unbound_oauth is None else self.allow_unbound_oauth

    def reconnect_link(self, credential_id: str) -> str | None:
        """Where the merchant goes to connect again, when the owner has said so."""
        return self.reconnect_url and self.reconnect_url.replace("{credentialId}", credential_id)


UNREACHABLE = frozenset({"batch", ".", ".."})
"""Names that no address under `/users` could mean."""


def as_name(text: str) -> str:
    """As names are kept: composed (NFC), without blanks around."""
    return unicodedata.normalize("NFC", text).strip()


def name_complaint(username: str) -> str | None:
    """What is wrong with a username, which must be able to stand in an address wherever a userId does."""
    if is_identifier(username, "usr"):
        return "A username must not look like a userId."
    if "/" in username or username in UNREACHABLE:
        return "A username stands in addresses: it has no slash, and is not `batch`, `.` or `..`."
    return None


@dataclass(frozen=True, slots=True)
class User:
    """A merchant in a workspace."""

    workspace_id: WorkspaceId
    user_id: UserId
    username: str
    created_at: datetime
    full_name: str | None = None
    email: str | None = None
    tags: tuple[str, ...] = ()
    version: int = 1

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "userId": self.user_id,
            "username": self.username,
            "fullName": self.full_name,
            "email": self.email,
            "tags": list(self.tags),
        }


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a workspace; the key itself is kept as a hash."""

    workspace_id: WorkspaceId
    api_key_id: ApiKeyId
    name: str
    scopes: tuple[str, ...]
    digest: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked: bool = False

    def is_usable(self, *, at: datetime) -> bool:
        """Whether it opens anything now."""
        return not self.revoked and (self.expires_at is None or at < self.expires_at)

    def matches(self, secret: str) -> bool:
        """Compare in constant time."""
        return bearer.matches(self.digest, secret)


KEY_PREFIX = "evg_"


def compose_key(api_key_id: ApiKeyId, secret: str) -> str:
    """The key as its owner sees it."""
    return bearer.compose(KEY_PREFIX, api_key_id, secret)


def parse_key(text: str) -> tuple[ApiKeyId, str] | None:
    """The key's id and its secret part; None when it cannot be one of ours."""
    parsed = bearer.parse(KEY_PREFIX, "key", text)
    return parsed and (ApiKeyId(parsed[0]), parsed[1])
