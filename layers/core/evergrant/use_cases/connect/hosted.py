"""A hosted link's key forms: whoever opened it may not be who it was made for, so the owner's server says who it was.

What was typed is sealed, and released by a completion at `returnUrl`, as a provider's answer would be.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretBytes, SecretStr

from evergrant.domain import bearer
from evergrant.domain.authorization import LIFETIME, SECRET_BYTES, Authorization
from evergrant.domain.caller import Actor, SessionCaller
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConflictError, CredentialExpiredError, UnauthorizedError
from evergrant.domain.ids import ENTROPY_BYTES, AuthorizationId, CredentialId, identifier
from evergrant.domain.session import Session
from evergrant.ports.connecting import Authorizations, Sessions
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.providers import Probing
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy, Identities
from evergrant.ports.workspaces import Apps, Directory
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.begin import check_return_url
from evergrant.use_cases.connect.sessions import scopes_missing
from evergrant.use_cases.credentials.change import CredentialChanges, change_credential
from evergrant.use_cases.credentials.create import NewCredential, create_credential
from evergrant.use_cases.credentials.entry import IN_FORM, read_entry
from evergrant.use_cases.credentials.intake import Intake
from evergrant.use_cases.credentials.read import own, read_for
from evergrant.use_cases.credentials.sealing import ask


@dataclass(frozen=True, slots=True)
class Typed:
    """A key form's values."""

    app: str
    data: Mapping[str, SecretStr]
    name: str | None = None
    way: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Where the page goes on, and with which completion."""

    return_url: str
    completion: SecretStr


@dataclass(frozen=True, slots=True)
class Holds:
    """What a hosted link's session needs; one for each invocation."""

    apps: Apps
    directory: Directory
    credentials: CredentialStore
    sessions: Sessions
    authorizations: Authorizations
    sealer: Sealer
    probing: Callable[[], Probing]
    clock: Clock
    entropy: Entropy

    def form(self, caller: SessionCaller, typed: Typed) -> Held:
        """Raises: ValidationFailedError, also where the provider refuses the values (`rejected_by_provider`)."""
        app = named_app(caller.workspace_id, typed.app, path=IN_FORM.app, apps=self.apps)
        caller.require_app(app.slug)
        entry = read_entry(app, typed.data, places=IN_FORM, way=typed.way)
        ask(entry, root=IN_FORM.data, probing=self.probing)
        data = {name: value.get_secret_value() for name, value in typed.data.items()}
        kept = {"data": data, "name": typed.name, "way": typed.way}
        return self._held(caller, app.slug, caller.credential_id, kept)

    def reuse(self, caller: SessionCaller, credential_id: CredentialId) -> Credential | Held:
        """One that is there and grants what is wanted: itself; a completion behind a hosted link.

        Raises: NotFoundError, ForbiddenError; CredentialExpiredError, ConflictError (`scopes_missing`).
        """
        found = read_for(caller, credential_id, credentials=self.credentials, clock=self.clock)
        if found.status == "expired":
            raise CredentialExpiredError("This credential is over: connect it again.")
        missing = scopes_missing(self._session(caller), found)
        if missing:
            raise ConflictError(
                "This credential lacks rights that are wanted: connect it again.", code="scopes_missing"
            )
        if not caller.hosted:
            return found
        return self._held(caller, found.app, found.credential_id, {"reuse": True})

    def _held(self, caller: SessionCaller, app: str, credential_id: str | None, kept: Mapping[str, object]) -> Held:
        session, now = self._session(caller), self.clock.now()
        return_url = session.return_url or ""
        check_return_url(caller.workspace_id, return_url, directory=self.directory)
        made = Authorization(
            authorization_id=AuthorizationId(identifier("auth", at=now, entropy=self.entropy.bytes(ENTROPY_BYTES))),
            workspace_id=caller.workspace_id,
            user_id=caller.user_id,
            app=app,
            redirect_uri="",
            created_at=now,
            expires_at=now + LIFETIME,
            return_url=return_url,
            code_challenge=session.code_challenge,
            credential_id=None if credential_id is None else CredentialId(credential_id),
            session_id=session.session_id,
            has_form=True,
        )
        self.authorizations.create(made)
        sealed = self.sealer.seal(SecretBytes(json.dumps(kept).encode()), made.seal_context("code"))
        completion = self.entropy.token(SECRET_BYTES)
        ready = made.ready(code=sealed, variables={}, at=now)
        self.authorizations.move(ready, read=made, completion_digest=bearer.digest(completion))
        return Held(return_url, SecretStr(completion))

    def _session(self, caller: SessionCaller) -> Session:
        session = self.sessions.get(caller.session_id)
        if session is None:
            raise UnauthorizedError("This connect session is over. Ask for a new token.")
        return session


@dataclass(frozen=True, slots=True)
class Keeps:
    """What keeping a held form needs, once the owner's server has said for whom."""

    intake: Intake
    identities: Identities

    def keep(self, caller: Actor, found: Authorization) -> Credential:
        """A new credential, the new secret of the one it was for, or the one that is used again.

        Raises: NotFoundError, ValidationFailedError, ProviderError.
        """
        opened = self.intake.sealer.open(found.sealed_code or b"", found.seal_context("code")).get_secret_value()
        kept = json.loads(opened)
        if kept.get("reuse"):
            return own(self.intake.credentials.get(CredentialId(found.credential_id or "")), found.workspace_id)
        data = {name: SecretStr(value) for name, value in kept["data"].items()}
        if found.credential_id is None:
            return create_credential(
                caller,
                found.user_id,
                NewCredential(found.app, data, kept["name"], way=kept["way"]),
                intake=self.intake,
                identities=self.identities,
                places=IN_FORM,
            )
        return change_credential(
            caller,
            found.credential_id,
            CredentialChanges({"name": kept["name"]} if kept["name"] else {}, data, kept["way"], pinned=True),
            intake=self.intake,
        )
