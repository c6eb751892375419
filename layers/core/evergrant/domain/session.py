"""Connect sessions: the right of one user, for half an hour, to connect apps and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.domain import bearer
from evergrant.domain.caller import SessionCaller
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId

LIFETIME = timedelta(minutes=30)
SESSION_PREFIX = "evs_"
LINK_PREFIX = "evl_"


@dataclass(frozen=True, slots=True)
class Session:
    """One session; its token is kept as a hash."""

    workspace_id: WorkspaceId
    user_id: UserId
    session_id: str
    digest: str
    created_at: datetime
    expires_at: datetime
    apps: tuple[str, ...] = ()
    credential_id: CredentialId | None = None
    scopes: tuple[str, ...] = ()
    return_url: str | None = None
    code_challenge: str | None = None
    locale: str | None = None
    hosted: bool = False
    """Behind a hosted link: whoever opens it may not be who it was made for, so the owner's server finishes."""
    link_digest: str | None = None
    """Of a link that was not redeemed yet: its session has no token so far."""

    def caller(self) -> SessionCaller:
        """Who comes with its token."""
        return SessionCaller(
            self.workspace_id, self.user_id, self.session_id, self.apps, self.credential_id, self.hosted
        )

    def is_usable(self, secret: str, *, at: datetime) -> bool:
        """Whether this is its token, and it has not ended."""
        return bearer.matches(self.digest, secret) and at < self.expires_at

    def is_redeemable(self, secret: str, *, at: datetime) -> bool:
        """Whether this is its link, and it has not ended."""
        return bearer.matches(self.link_digest or "", secret) and at < self.expires_at


def compose_token(session_id: str, secret: str) -> str:
    """The token as the modal holds it."""
    return bearer.compose(SESSION_PREFIX, session_id, secret)


def parse_token(text: str) -> tuple[str, str] | None:
    """The session's id and the secret part; None when it cannot be one of ours."""
    return bearer.parse(SESSION_PREFIX, "ses", text)


def compose_link(session_id: str, secret: str) -> str:
    """The one-time id in a hosted link's fragment."""
    return bearer.compose(LINK_PREFIX, session_id, secret)


def parse_link(text: str) -> tuple[str, str] | None:
    """The session's id and the secret part; None when it cannot be one of ours."""
    return bearer.parse(LINK_PREFIX, "ses", text)
