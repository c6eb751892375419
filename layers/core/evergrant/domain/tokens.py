"""A token endpoint's answer, read strictly (RFC 6749, 5.1 and 5.2). Everything a provider says is hostile."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import SecretStr

from evergrant.domain.app import Kept, OAuth2Method
from evergrant.domain.errors import ClientRefusedError, GrantRefusedError, ProviderError
from evergrant.domain.strict_json import NotStrictJsonError, loads

SHORTEST_LIFE, LONGEST_LIFE = timedelta(seconds=60), timedelta(days=365)
MAX_TOKEN_LENGTH = 32_768
CLIENT_ERRORS = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"}
)
"""Our request or our client is wrong: nothing is said of the grant."""
DEAD_GRANT = "invalid_grant"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_REFRESH_LIFE = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was granted, as it will be kept."""

    access_token: SecretStr
    refresh_token: SecretStr | None
    token_type: str
    expires_at: datetime | None
    """The access token's end, as far as it is known."""
    grant_expires_at: datetime | None
    """The refresh token's end, where the provider or the app's entry says it."""
    scopes: tuple[str, ...] | None
    """None: as asked for (RFC 6749, 5.1)."""
    kept: Mapping[str, str]


def read_tokens(method: OAuth2Method, status: int, body: bytes, *, at: datetime) -> Tokens:
    """Raises: GrantRefusedError, ClientRefusedError, ProviderError for nonsense."""
    answer = _object(status, body)
    if status >= 300 or answer.get("error") or answer.get("ok") is False:
        raise _refusal(status, answer)
    access_token = _token(dig(answer, method.access_token_path))
    if access_token is None:
        raise _nonsense(status)
    token_type = answer.get("token_type", "bearer")
    if not isinstance(token_type, str) or token_type.lower() not in (*method.token_types, "bearer"):
        raise ProviderError("The provider gave a kind of token that cannot be used.", provider_status=status)
    refresh_token = _token(answer.get("refresh_token"))
    expires_at = _expiry(method, answer, access_token, at=at)
    return Tokens(
        access_token=SecretStr(access_token),
        refresh_token=None if refresh_token is None else SecretStr(refresh_token),
        token_type=token_type,
        expires_at=expires_at,
        grant_expires_at=_grant_expiry(method, answer, at=at) if refresh_token else expires_at,
        scopes=_scopes(answer.get("scope")),
        kept=read_kept(method.kept, "token", lambda path: dig(answer, path)),
    )


def read_kept(kept: tuple[Kept, ...], source: str, look: Callable[[str], object]) -> dict[str, str]:
    """The values of one source that look as the entry says.

    Raises: ProviderError when one that is required does not.
    """
    found: dict[str, str] = {}
    for each in kept:
        if each.source != source:
            continue
        value = look(each.path)
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        match = re.fullmatch(each.pattern, text)
        if match:
            found[each.name] = match.group(1) if match.groups() else text
        elif each.required:
            raise ProviderError(f"The provider's answer has no usable `{each.name}`.", code="provider_answer")
    return found


def dig(content: object, path: str) -> object:
    """What stands at a dotted path; None where nothing does."""
    for part in path.split("."):
        if isinstance(content, dict):
            content = cast("dict[str, object]", content).get(part)
        elif isinstance(content, list) and part.isdecimal() and int(part) < len(cast("list[object]", content)):
            content = cast("list[object]", content)[int(part)]
        else:
            return None
    return content


def _object(status: int, body: bytes) -> dict[str, object]:
    try:
        answer = loads(body.removeprefix(b"\xef\xbb\xbf"), huge_numbers=True)
    except NotStrictJsonError:
        raise _nonsense(status) from None
    if not isinstance(answer, dict):
        raise _nonsense(status)
    return cast("dict[str, object]", answer)


def _refusal(status: int, answer: Mapping[str, object]) -> GrantRefusedError | ClientRefusedError | ProviderError:
    error = answer.get("error")
    word = error if isinstance(error, str) and _WORD.fullmatch(error) else "unknown_error"
    if status >= 500 or status == 429:
        return _nonsense(status)
    if word in CLIENT_ERRORS:
        return ClientRefusedError(word)
    return GrantRefusedError(word, provider_status=status)


def _nonsense(status: int) -> ProviderError:
    return ProviderError(
        f"The provider's token endpoint answered {status} with nothing usable.", provider_status=status
    )


def _token(value: object) -> str | None:
    """VSCHARs alone (RFC 6749, appendix A.12): nothing that could break a header."""
    usable = isinstance(value, str) and len(value) <= MAX_TOKEN_LENGTH and _TOKEN.fullmatch(value)
    return cast("str", value) if usable else None


def _expiry(method: OAuth2Method, answer: Mapping[str, object], access_token: str, *, at: datetime) -> datetime | None:
    life = _seconds(answer.get("expires_in"))
    if life is None:
        end = _moment(answer.get("expires_at")) or jwt_expiry(access_token)
        life = None if end is None else (end - at).total_seconds()
    if life is None and method.default_expires_in is not None:
        life = float(method.default_expires_in)
    return None if life is None else at + _clamped(life)


def _grant_expiry(method: OAuth2Method, answer: Mapping[str, object], *, at: datetime) -> datetime | None:
    for name in _REFRESH_LIFE:
        life = _seconds(answer.get(name))
        if life is not None and life > 0:
            return at + _clamped(life)
    days = method.refresh_token_lifetime_days
    return None if days is None else at + timedelta(days=days)


def _clamped(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, SHORTEST_LIFE.total_seconds()), LONGEST_LIFE.total_seconds()))


def _seconds(value: object) -> float | None:
    """A number in any clothes; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(min(max(value, -1), 10**12))
    if isinstance(value, float):
        return min(max(value, -1.0), 1e12)
    text = value.strip() if isinstance(value, str) else ""
    return float(min(int(text[:15]), 10**12)) if text.isascii() and text.isdecimal() else None


def _moment(value: object) -> datetime | None:
    """An epoch in seconds, or ISO 8601."""
    seconds = _seconds(value)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def jwt_expiry(token: str) -> datetime | None:
    """`exp` of a token that is a JWT; it is not verified, for it is the provider's own word to itself."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = loads(base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
    return _moment(cast("dict[str, object]", claims).get("exp")) if isinstance(claims, dict) else None


def _scopes(value: object) -> tuple[str, ...] | None:
    """Separated by spaces, commas or pluses, or a list."""
    if isinstance(value, list):
        value = " ".join(each for each in cast("list[object]", value) if isinstance(each, str))
    if not isinstance(value, str):
        return None
    return tuple(dict.fromkeys(part for part in re.split(r"[\s,+]+", value[:8000]) if part.isprintable() and part))
