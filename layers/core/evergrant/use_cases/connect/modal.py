"""POST /connect/oauth and its pop-up: the browser is bound before the provider, by the frame that holds the token."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import SecretStr

from evergrant.domain import bearer
from evergrant.domain.authorization import SECRET_BYTES, Authorization
from evergrant.domain.caller import SessionCaller
from evergrant.domain.errors import ConnectError, Detail, NotFoundError, UnauthorizedError, ValidationFailedError
from evergrant.domain.ids import ENTROPY_BYTES, AuthorizationId, identifier, is_identifier
from evergrant.ports.connecting import Authorizations, Sessions
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Apps, Directory, OAuthClients
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.begin import Asked, Redirect, begin_authorization, start
from evergrant.use_cases.connect.flows import Flows

Mode = Literal["popup", "redirect"]
ATTEMPT = re.compile(r"[A-Za-z0-9_-]{43}")
_DERIVED_AT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the merchant chose in the modal."""

    app: str
    properties: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    way: str | None = None
    credential_id: str | None = None
    mode: Mode = "popup"


@dataclass(frozen=True, slots=True)
class BegunInModal:
    """With a binder: for the pop-up. Without: the whole page goes to the start link, and ends at `returnUrl`."""

    authorization: Authorization
    binder: SecretStr | None


@dataclass(frozen=True, slots=True)
class Begins:
    """What beginning needs; one for each invocation."""

    base_url: str
    apps: Apps
    clients: OAuthClients
    directory: Directory
    credentials: CredentialStore
    sessions: Sessions
    authorizations: Authorizations
    clock: Clock
    entropy: Entropy

    def in_modal(
        self, caller: SessionCaller, wanted: Wanted, *, authorization_id: AuthorizationId | None = None
    ) -> BegunInModal:
        """Ten minutes, one use.

        Raises: ForbiddenError (`session_limits`), NotFoundError, ValidationFailedError, AppMisconfiguredError;
        ConnectError (`link_used`) where `authorization_id` was begun already.
        """
        session = self.sessions.get(caller.session_id)
        if session is None:
            raise UnauthorizedError("This connect session is over. Ask for a new token.")
        app = named_app(caller.workspace_id, wanted.app, path="app", apps=self.apps)
        caller.require_app(app.slug)
        if wanted.credential_id is not None:
            caller.require_credential(wanted.credential_id)
        leaves = session.hosted or wanted.mode == "redirect"
        if leaves and session.return_url is None:
            raise ValidationFailedError([Detail("mode", "This needs a session with a returnUrl.")])
        binder = None if leaves else self.entropy.token(SECRET_BYTES)
        asked = Asked(
            user=caller.user_id,
            app=app.slug,
            properties=wanted.properties,
            return_url=session.return_url if leaves else None,
            code_challenge=session.code_challenge if leaves else None,
            credential_id=caller.credential_id or wanted.credential_id,
            scopes=session.scopes,
            way=wanted.way,
            root="properties",
            authorization_id=authorization_id,
            session_id=session.session_id,
            binder_digest=None if binder is None else bearer.digest(binder),
        )
        authorization = begin_authorization(
            caller,
            asked,
            base_url=self.base_url,
            apps=self.apps,
            clients=self.clients,
            directory=self.directory,
            credentials=self.credentials,
            authorizations=self.authorizations,
            clock=self.clock,
            entropy=self.entropy,
        )
        return BegunInModal(authorization, None if binder is None else SecretStr(binder))


@dataclass(frozen=True, slots=True)
class Opens:
    """What the pop-up's way to the provider needs; one for each invocation."""

    apps: Apps
    clients: OAuthClients
    authorizations: Authorizations
    flows: Flows
    sealer: Sealer
    clock: Clock
    entropy: Entropy

    def with_binder(self, authorization_id: str, binder: SecretStr, *, cookie: str | None) -> Redirect:
        """Trade the binder for this browser's cookie; again only for the browser that has it.

        Raises: ConnectError (`link_unknown`, `link_used`, `authorization_expired`); ProviderError.
        """
        found = self.authorizations.get(authorization_id)
        unbound = found is None or not found.is_modal or found.binder_digest is None
        if found is None or unbound or not bearer.matches(found.binder_digest or "", binder.get_secret_value()):
            raise ConnectError("This window belongs to nothing here. Begin again.", code="link_unknown")
        return self.onward(found, cookie=cookie)

    def onward(self, found: Authorization, *, cookie: str | None) -> Redirect:
        """To the provider: first with a new cookie, again with the same. Raises: as `with_binder`."""
        found.require_running(at=self.clock.now())
        if found.stage == "created":
            return start(
                found,
                apps=self.apps,
                clients=self.clients,
                authorizations=self.authorizations,
                flows=self.flows,
                sealer=self.sealer,
                entropy=self.entropy,
            )
        is_same = cookie is not None and bearer.matches(found.cookie_digest or "", cookie)
        if found.stage != "started" or cookie is None or not is_same:
            raise ConnectError("This window was used already. Begin again.", code="link_used")
        opened = self.sealer.open(found.sealed_location, found.seal_context("location")).get_secret_value()
        return Redirect(SecretStr(opened.decode()), found.authorization_id, SecretStr(cookie))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is; the completion once it is there."""

    status: Literal["pending", "ready", "failed"]
    completion: SecretStr | None = None
    error: str | None = None


def attempted(caller: SessionCaller, attempt: str) -> AuthorizationId:
    """The one authorization that a form's attempt makes, whichever session of its user asks for it."""
    name = f"{caller.workspace_id}|{caller.user_id}|{attempt}"
    entropy = hashlib.sha256(name.encode()).digest()[:ENTROPY_BYTES]
    return AuthorizationId(identifier("auth", at=_DERIVED_AT, entropy=entropy))


def progress(
    caller: SessionCaller, name: str, *, authorizations: Authorizations, sealer: Sealer, clock: Clock
) -> Progress:
    """Of an authorization, or of a form's attempt, which is pending until its form has arrived.

    Raises: NotFoundError, for another user's too.
    """
    by_attempt = not is_identifier(name, "auth") and ATTEMPT.fullmatch(name) is not None
    found = authorizations.get(attempted(caller, name) if by_attempt else name)
    if found is None and by_attempt:
        return Progress("pending")
    if found is None or (found.workspace_id, found.user_id) != (caller.workspace_id, caller.user_id):
        raise NotFoundError
    now = clock.now()
    if found.stage == "failed":
        return Progress("failed", error=found.error)
    if found.stage in ("created", "started"):
        over = now >= found.expires_at
        return Progress("failed", error="authorization_expired") if over else Progress("pending")
    if found.stage == "ready" and (found.completion_until is None or now >= found.completion_until):
        return Progress("failed", error="completion_expired")
    # What ends at a returnUrl is the owner's to finish, and so is all that a hosted link began.
    if found.stage != "ready" or not found.is_modal or caller.hosted:
        return Progress("ready")
    opened = sealer.open(found.sealed_completion, found.seal_context("completion")).get_secret_value()
    return Progress("ready", completion=SecretStr(opened.decode()))
