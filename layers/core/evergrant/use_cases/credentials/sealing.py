"""Sealing what a merchant typed; where the way makes a token of it, the token is made first, which also proves it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    AppMisconfiguredError,
    CredentialExpiredError,
    Detail,
    GrantRefusedError,
    ProviderError,
    ValidationFailedError,
)
from evergrant.domain.rendering import hosts, known_hosts
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import dig
from evergrant.ports.providers import Minting, ProbeAnswer, Probing
from evergrant.use_cases.credentials.entry import Entry
from evergrant.use_cases.credentials.intake import Intake


def with_entry(
    row: Credential,
    entry: Entry,
    *,
    at: datetime,
    root: str,
    intake: Intake,
    probing: Callable[[], Probing] | None = None,
) -> Credential:
    """The row with the entry's values sealed for its present generation; with `probing` the provider is asked first.

    Raises: ValidationFailedError (`rejected_by_provider`) where the provider makes no token of them; ProviderError,
    ProviderTimeoutError, and then nothing was stored.
    """
    prepared = intake.sealer.prepare(row.workspace_id)
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
    if probing is not None:
        row = _asked(row, entry, at=at, root=root, probing=probing)
    if entry.method.mints:
        row, secret = _minted(row, entry, secret, at=at, root=root, minting=intake.minting())
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


def ask(entry: Entry, *, root: str, probing: Callable[[], Probing]) -> ProbeAnswer | None:
    """What the provider says of values that are sent as they are; None where it cannot be asked, or does not answer.

    Raises: ValidationFailedError (`rejected_by_provider`) for its certain no.
    """
    if entry.method.mints or entry.method.probe is None:
        return None
    try:
        secret = Secret(entry.secrets, known_hosts(entry.method, entry.variables))
        answer = probing().ask(entry.method, secret, entry.variables)
    except (ProviderError, CredentialExpiredError):
        return None
    if answer.verdict is False:
        message = "The provider does not accept these values. Check them, and send them again."
        raise ValidationFailedError([Detail(root, message)], message=message, code="rejected_by_provider")
    return answer


def _asked(row: Credential, entry: Entry, *, at: datetime, root: str, probing: Callable[[], Probing]) -> Credential:
    answer, probe = ask(entry, root=root, probing=probing), entry.method.probe
    if answer is None or probe is None or not answer.verdict:
        return row
    return replace(row, last_verified_at=at, account_id=plain_text(answer.content, probe.account_id))


def plain_text(content: object, path: str | None) -> str | None:
    """A short printable text of a provider's answer, such as an account's id."""
    found = dig(content, path) if path else None
    if not isinstance(found, str | int) or isinstance(found, bool):
        return None
    shown = "".join(character for character in str(found) if character.isprintable())
    return shown[:200].strip() or None


def _policy(entry: Entry, at: datetime) -> datetime | None:
    days = entry.method.lifetime_days
    return None if days is None else at + timedelta(days=days)
