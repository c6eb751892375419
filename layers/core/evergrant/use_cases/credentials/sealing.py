"""Sealing what a merchant typed; where the way makes a token of it, the token is made first, which also proves it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from evergrant.domain.credential import Credential
from evergrant.domain.errors import AppMisconfiguredError, Detail, GrantRefusedError, ValidationFailedError
from evergrant.domain.rendering import hosts, known_hosts
from evergrant.domain.secret import Secret
from evergrant.ports import Minting, Sealer
from evergrant.use_cases.credentials.entry import Entry


def with_entry(
    row: Credential, entry: Entry, *, at: datetime, root: str, sealer: Sealer, minting: Callable[[], Minting]
) -> Credential:
    """The row with the entry's values sealed for its present generation.

    Raises: ValidationFailedError (`rejected_by_provider`) where the provider makes no token of them; ProviderError,
    ProviderTimeoutError, and then nothing was stored.
    """
    prepared = sealer.prepare()
    row = replace(
        row,
        kind=entry.method.kind,
        way=entry.method.way,
        variables=entry.variables,
        token_expires_at=None,
        token_issued_at=None,
        renewable=entry.method.mints,
        expires_at=row.expires_at or _policy(entry, at),
    )
    secret = Secret(entry.secrets, known_hosts(entry.method, entry.variables))
    if entry.method.mints:
        row, secret = _minted(row, entry, secret, at=at, root=root, minting=minting())
    return replace(row, sealed=prepared.seal(secret.to_bytes(), row.seal_context()))


def _minted(
    row: Credential, entry: Entry, secret: Secret, *, at: datetime, root: str, minting: Minting
) -> tuple[Credential, Secret]:
    try:
        tokens = minting.mint(entry.method, secret, entry.variables, user_id=row.user_id)
    except (GrantRefusedError, AppMisconfiguredError) as error:
        message = "The provider does not accept these values. Check them, and send them again."
        if isinstance(error, AppMisconfiguredError):
            message = error.message
        raise ValidationFailedError([Detail(root, message)], message=message, code="rejected_by_provider") from error
    variables = {**entry.variables, **tokens.kept}
    row = replace(
        row,
        variables=variables,
        token_issued_at=at,
        token_expires_at=tokens.expires_at,
        scopes=tokens.scopes or (),
        last_renewed_at=at,
        last_verified_at=at,
    )
    made = secret.with_values(accessToken=tokens.access_token, **tokens.secrets)
    return row, Secret(made.values, hosts(entry.method, variables))


def _policy(entry: Entry, at: datetime) -> datetime | None:
    days = entry.method.lifetime_days
    return None if days is None else at + timedelta(days=days)
