"""Connect sessions: made by the owner's server, recognised by the authorizer, shown to the modal."""

from dataclasses import dataclass, replace

from pydantic import SecretStr

from evergrant.domain import bearer
from evergrant.domain.caller import Caller, SessionCaller
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConnectError, Detail, UnauthorizedError, ValidationFailedError
from evergrant.domain.ids import CredentialId
from evergrant.domain.session import LIFETIME, Session, compose_link, compose_token, parse_link, parse_token
from evergrant.domain.workspace import User, Workspace
from evergrant.ports.connecting import Sessions
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.system import Clock, Entropy, Identities
from evergrant.ports.workspaces import Apps, Directory
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.begin import check_return_url
from evergrant.use_cases.credentials.read import own
from evergrant.use_cases.users.manage import find_user

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewSession:
    """What the owner's server asks for."""

    user: str
    apps: tuple[str, ...] = ()
    credential_id: str | None = None
    scopes: tuple[str, ...] = ()
    return_url: str | None = None
    code_challenge: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class MintedSession:
    """A new session, and the only time that its token is seen."""

    session: Session
    token: SecretStr
    link: SecretStr | None = None
    """The one-time id of the hosted link."""


def create_session(
    caller: Caller,
    new: NewSession,
    *,
    apps: Apps,
    directory: Directory,
    credentials: CredentialStore,
    sessions: Sessions,
    clock: Clock,
    entropy: Entropy,
    identities: Identities,
) -> MintedSession:
    """For one user. Raises: NotFoundError, ValidationFailedError."""
    user = find_user(caller, new.user, directory=directory)
    named = [named_app(caller.workspace_id, each, path="apps", apps=apps).slug for each in new.apps]
    if new.return_url is not None:
        check_return_url(caller.workspace_id, new.return_url, directory=directory)
    if new.credential_id is not None:
        again = own(credentials.get(CredentialId(new.credential_id)), caller.workspace_id)
        if again.user_id != user.user_id:
            raise ValidationFailedError([Detail("credentialId", "This credential is another user's.")])
        named = [again.app]
    now = clock.now()
    secret = entropy.token(SECRET_BYTES)
    session = Session(
        workspace_id=caller.workspace_id,
        user_id=user.user_id,
        session_id=identities.new("ses"),
        digest=bearer.digest(secret),
        created_at=now,
        expires_at=now + LIFETIME,
        apps=tuple(dict.fromkeys(named)),
        credential_id=None if new.credential_id is None else CredentialId(new.credential_id),
        scopes=new.scopes,
        return_url=new.return_url,
        code_challenge=new.code_challenge,
        locale=new.locale,
    )
    sessions.put(session)
    link = _link_to(session, sessions=sessions, entropy=entropy, identities=identities) if session.return_url else None
    return MintedSession(session, SecretStr(compose_token(session.session_id, secret)), link)


def _link_to(session: Session, *, sessions: Sessions, entropy: Entropy, identities: Identities) -> SecretStr:
    """A session of its own, which has no token before its link is redeemed."""
    secret = entropy.token(SECRET_BYTES)
    linked = replace(
        session, session_id=identities.new("ses"), digest="", hosted=True, link_digest=bearer.digest(secret)
    )
    sessions.put(linked)
    return SecretStr(compose_link(linked.session_id, secret))


def redeem_link(link: SecretStr, *, sessions: Sessions, clock: Clock, entropy: Entropy) -> MintedSession:
    """Once. Raises: ConnectError (`link_unknown`, `link_used`)."""
    parsed = parse_link(link.get_secret_value())
    found = sessions.get(parsed[0]) if parsed else None
    if parsed is None or found is None or not found.hosted:
        raise ConnectError("This link is not known here. Ask for a new one.", code="link_unknown")
    if not found.is_redeemable(parsed[1], at=clock.now()):
        raise ConnectError("This link was used already, or is over. Ask for a new one.", code="link_used")
    secret = entropy.token(SECRET_BYTES)
    sessions.redeem(found, bearer.digest(secret))
    return MintedSession(found, SecretStr(compose_token(found.session_id, secret)))


def recognise_session(header: str | None, *, sessions: Sessions, clock: Clock) -> Session:
    """The session behind an `Authorization` header; a wrong checksum costs no read. Raises: UnauthorizedError."""
    scheme, _, text = (header or "").partition(" ")
    parsed = parse_token(text.strip()) if scheme.lower() == "bearer" else None
    found = sessions.get(parsed[0]) if parsed else None
    if parsed is None or found is None or not found.is_usable(parsed[1], at=clock.now()):
        raise UnauthorizedError("This connect session is over. Ask for a new token.")
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What the modal shows."""

    user: User
    workspace: Workspace
    session: Session
    credentials: tuple[Credential, ...]

    def missing_scopes(self, credential: Credential) -> tuple[str, ...]:
        """What of the wanted scopes was not granted."""
        return scopes_missing(self.session, credential)


def scopes_missing(session: Session, credential: Credential) -> tuple[str, ...]:
    """What the session wants, or else what was asked for when it was connected, and was not granted."""
    if not session.scopes:
        return credential.missing_scopes
    return tuple(scope for scope in session.scopes if scope not in credential.scopes)


def show_session(
    caller: SessionCaller, *, directory: Directory, credentials: CredentialStore, sessions: Sessions
) -> Shown:
    """Raises: UnauthorizedError when the user was deleted meanwhile."""
    session = sessions.get(caller.session_id)
    user = directory.user(caller.workspace_id, caller.user_id)
    workspace = directory.workspace(caller.workspace_id)
    if session is None or user is None or workspace is None:
        raise UnauthorizedError("This connect session is over. Ask for a new token.")
    page = credentials.of_user(caller.workspace_id, caller.user_id, app=None, limit=100, after=None)
    there = tuple(each for each in page.items if not caller.apps or each.app in caller.apps)
    return Shown(user, workspace, session, there)
