"""API keys: made, listed, revoked, recognised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr

from evergrant.domain import bearer
from evergrant.domain.caller import Caller
from evergrant.domain.errors import Detail, ForbiddenError, NotFoundError, UnauthorizedError, ValidationFailedError
from evergrant.domain.ids import ApiKeyId, WorkspaceId
from evergrant.domain.workspace import ApiKey, compose_key, parse_key
from evergrant.ports.pages import Page
from evergrant.ports.system import Clock, Entropy, Identities
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.paging import filled

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A new key, and the only time that its text is seen."""

    api_key: ApiKey
    key: SecretStr


def mint(
    workspace_id: WorkspaceId,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    *,
    directory: Directory,
    clock: Clock,
    entropy: Entropy,
    identities: Identities,
) -> MintedKey:
    """Make and keep a key; its secret part is kept as a hash."""
    now = clock.now()
    key_id = ApiKeyId(identities.new("key"))
    secret = entropy.bytes(SECRET_BYTES).hex()
    api_key = ApiKey(workspace_id, key_id, name, tuple(scopes), bearer.digest(secret), now, expires_at)
    directory.put_api_key(api_key)
    return MintedKey(api_key, SecretStr(compose_key(key_id, secret)))


def create_api_key(
    caller: Caller,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    *,
    directory: Directory,
    clock: Clock,
    entropy: Entropy,
    identities: Identities,
) -> MintedKey:
    """Raises: ForbiddenError when the new key would have a scope that the caller's lacks; ValidationFailedError."""
    if expires_at is not None and expires_at <= clock.now():
        raise ValidationFailedError([Detail("expiresAt", "This time is over.")])
    beyond = sorted(set(scopes) - caller.scopes)
    if beyond:
        raise ForbiddenError(f"A key cannot grant what it lacks: {', '.join(beyond)}.", code="scope_missing")
    return mint(
        caller.workspace_id,
        name,
        scopes,
        expires_at,
        directory=directory,
        clock=clock,
        entropy=entropy,
        identities=identities,
    )


def list_api_keys(caller: Caller, *, limit: int, after: str | None, directory: Directory) -> Page[ApiKey]:
    """Those that are not revoked, in the order of their creation; never their text."""
    return filled(
        lambda place: directory.api_keys(caller.workspace_id, limit=limit, after=place),
        lambda each: not each.revoked,
        lambda each: each.api_key_id,
        limit=limit,
        after=after,
    )


def revoke_api_key(caller: Caller, api_key_id: str, *, directory: Directory) -> None:
    """Refused everywhere within a minute, and at once wherever a secret is released. Raises: NotFoundError."""
    found = directory.api_key(ApiKeyId(api_key_id))
    if found is None or found.workspace_id != caller.workspace_id or found.revoked:
        raise NotFoundError("There is no such API key in this workspace.")
    directory.put_api_key(replace(found, revoked=True))


def require_live(caller: Caller, key: ApiKey | None, *, at: datetime) -> None:
    """`key` is the caller's, read now. Raises: UnauthorizedError when it was revoked since the authorizer saw it."""
    if key is None or key.workspace_id != caller.workspace_id or not key.is_usable(at=at):
        raise UnauthorizedError("This API key was revoked. Use another.")


def recognise(header: str | None, *, directory: Directory, clock: Clock) -> ApiKey:
    """The key behind an `Authorization` header. Raises: UnauthorizedError.

    A key whose checksum is wrong costs no read.
    """
    scheme, _, text = (header or "").partition(" ")
    parsed = parse_key(text.strip()) if scheme.lower() == "bearer" else None
    found = parsed and directory.api_key(parsed[0])
    if not parsed or not found or not found.matches(parsed[1]) or not found.is_usable(at=clock.now()):
        raise UnauthorizedError("Send an API key as `Authorization: Bearer <key>`.")
    return found
