"""One OAuth round trip, from `oauthUrl` to the credential; who began must finish.

created → started (a browser is bound, the state is out) → ready (a completion is out) → completed
                                                        ↘ failed
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.errors import ConnectError
from evergrant.domain.ids import AuthorizationId, CredentialId, UserId, WorkspaceId
from evergrant.domain.sealing import SealContext

LIFETIME = timedelta(minutes=10)
COMPLETION_LIFETIME = timedelta(seconds=60)
SECRET_BYTES = 32
"""Of a state, a completion, a browser's cookie, a code verifier: 43 characters."""

Stage = Literal["created", "started", "ready", "failed", "completed"]


@dataclass(frozen=True, slots=True)
class Authorization:
    """State, cookie and completion are kept as hashes; verifier and code are sealed."""

    authorization_id: AuthorizationId
    workspace_id: WorkspaceId
    user_id: UserId
    app: str
    redirect_uri: str
    created_at: datetime
    expires_at: datetime
    way: str = ""
    """Which of the app's redirects; empty: its first."""
    scopes: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """The app's properties, as they were checked at the start: never taken from the callback."""
    return_url: str | None = None
    """Where a bound flow ends, with its completion."""
    session_id: str | None = None
    """Of the connect session that began it in the modal; the completion goes back there."""
    binder_digest: str | None = None
    """Of a modal's flow: the pop-up trades the binder for its cookie."""
    has_form: bool = False
    """No provider is asked: `sealed_code` is what the merchant typed at a hosted link."""
    code_challenge: str | None = None
    """The owner's: completing needs the verifier that its server kept."""
    credential_id: CredentialId | None = None
    """Reconnected in place."""
    stage: Stage = "created"
    sealed_verifier: bytes = b""
    """What finishing needs and no browser sees: the code verifier, or temporary credentials of OAuth 1.0a."""
    cookie_digest: str | None = None
    sealed_code: bytes | None = None
    completion_until: datetime | None = None
    error: str | None = None
    sealed_location: bytes = b""
    """The provider's address, for a pop-up that comes back to its opening page."""
    sealed_completion: bytes = b""
    """For the modal, which asks until it is there."""

    @property
    def is_unbound(self) -> bool:
        """Whether nobody but the browser itself can finish: the page asks before, and the callback finishes."""
        return self.return_url is None and self.session_id is None

    @property
    def is_modal(self) -> bool:
        """Whether it was begun in a modal, which binds a pop-up of its own."""
        return self.session_id is not None and self.return_url is None

    def seal_context(self, name: str) -> SealContext:
        """What its verifier and its code are bound to."""
        return SealContext(self.workspace_id, self.user_id, self.authorization_id, self.app, 0, name)

    def require_running(self, *, at: datetime) -> None:
        """Raises: ConnectError (`authorization_expired`)."""
        if at >= self.expires_at:
            raise ConnectError("This took too long. Begin again.", code="authorization_expired")

    def started(self, *, verifier: bytes, cookie_digest: str) -> "Authorization":
        """A browser is bound to it; from here on the link is used up."""
        return replace(self, stage="started", sealed_verifier=verifier, cookie_digest=cookie_digest)

    def ready(self, *, code: bytes, variables: Mapping[str, str], at: datetime) -> "Authorization":
        """The provider said yes; `code` is sealed."""
        return replace(
            self,
            stage="ready",
            sealed_code=code,
            variables={**self.variables, **variables},
            completion_until=at + COMPLETION_LIFETIME,
        )

    def failed(self, error: str) -> "Authorization":
        """The provider, or the merchant there, said no."""
        return replace(self, stage="failed", error=error)

    def completed(self) -> "Authorization":
        """Used up: no code and no verifier stay behind."""
        return replace(
            self, stage="completed", sealed_code=None, sealed_verifier=b"", sealed_location=b"", sealed_completion=b""
        )

    def accept_verifier(self, verifier: str | None) -> None:
        """Raises: ConnectError unless it is the one whose S256 challenge the flow began with (RFC 7636, 4.6)."""
        if self.code_challenge is None:
            return
        if verifier is None or not hmac.compare_digest(s256(verifier), self.code_challenge):
            raise ConnectError(
                "Send the codeVerifier that belongs to the codeChallenge. Begin again.", code="code_verifier_mismatch"
            )


def s256(verifier: str) -> str:
    """The code challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
