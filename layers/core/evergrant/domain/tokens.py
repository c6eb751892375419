"""A token endpoint's answer, read strictly (RFC 6749, 5.1 and 5.2). Everything a provider says is hostile."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import parse_qs

from pydantic import SecretStr

from evergrant.domain.app import Exchange, Kept, OAuth2Method, TokenAnswer, TokenWay
from evergrant.domain.errors import ClientRefusedError, GrantRefusedError, ProviderError
from evergrant.domain.strict_json import NotStrictJsonError, loads

SHORTEST_LIFE, LONGEST_LIFE = timedelta(seconds=60), timedelta(days=365)
SHORTEST_SECRET, MAX_TOKEN_LENGTH = 12, 32_768
CLIENT_ERRORS = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"}
)
"""Our request or our client is wrong: nothing is said of the grant."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MILLISECONDS_FROM = 10**11
"""An epoch beyond this (the year 5138) counts milliseconds."""
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
    secrets: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    """What is kept and no plain value: a second token."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an answer with a token is read; from the entry of the app."""

    answer: TokenAnswer = field(default_factory=TokenAnswer)
    kept: tuple[Kept, ...] = ()
    token_types: tuple[str, ...] = ()
    default_expires_in: int | None = None
    refresh_token_lifetime_days: int | None = None
    dead_errors: tuple[str, ...] = ()
    """The provider's own words, which are repeated as they are."""
    dead_statuses: tuple[int, ...] = ()
    """Statuses that say enough, whatever the body."""

    @classmethod
    def of_grant(cls, way: TokenWay) -> "Reading":
        """For the token endpoint of OAuth 2."""
        return cls(
            way.token_answer,
            way.kept,
            way.token_types,
            way.default_expires_in,
            way.refresh_token_lifetime_days if isinstance(way, OAuth2Method) else None,
            way.dead_grant_errors,
        )

    @classmethod
    def of_refresh(cls, way: TokenWay) -> "Reading":
        """For a further answer: the token before it may be spent, so that no new pair is lost for what it says besides.

        Nothing that was kept before need come again, and the type is the one that was granted: what the new token
        is worth, its use will tell.
        """
        kept = tuple(each.model_copy(update={"required": False}) for each in way.kept)
        return replace(cls.of_grant(way), kept=kept, token_types=())

    @classmethod
    def of_exchange(cls, exchange: Exchange, *, kept: tuple[Kept, ...], default_expires_in: int | None) -> "Reading":
        """For a call of the provider's own making; any type of token is taken."""
        return cls(
            exchange.answer,
            kept,
            default_expires_in=default_expires_in,
            dead_errors=exchange.dead_errors,
            dead_statuses=exchange.dead,
        )


def read_tokens(reading: Reading, status: int, body: bytes, *, at: datetime) -> Tokens:
    """Raises: GrantRefusedError, ClientRefusedError, ProviderError for nonsense."""
    if status in reading.dead_statuses:
        raise GrantRefusedError(f"http_{status}", provider_status=status)
    answer = _object(reading.answer.format, status, body)
    if status >= 300 or dig(answer, reading.answer.error) or answer.get("ok") is False:
        raise _refusal(reading, status, answer)
    access_token = _token(dig(answer, reading.answer.access_token))
    if access_token is None:
        raise _nonsense(status)
    token_type = answer.get("token_type", "bearer") if reading.token_types else "bearer"
    if not isinstance(token_type, str) or token_type.lower() not in (*reading.token_types, "bearer"):
        raise ProviderError("The provider gave a kind of token that cannot be used.", provider_status=status)
    refresh_token = _token(dig(answer, reading.answer.refresh_token))
    expires_at = _expiry(reading, answer, access_token, at=at)
    granted = [each for each in (access_token, refresh_token) if each and len(each) >= SHORTEST_SECRET]
    return Tokens(
        access_token=SecretStr(access_token),
        refresh_token=None if refresh_token is None else SecretStr(refresh_token),
        token_type=token_type,
        expires_at=expires_at,
        grant_expires_at=_grant_expiry(reading, answer, at=at) if refresh_token else expires_at,
        scopes=scopes_in(_plain(answer, reading.answer.scope, granted)),
        kept=read_kept(reading.kept, "token", lambda path: _plain(answer, path, granted)),
        secrets=read_secrets(reading.kept, "token", lambda path: dig(answer, path)),
    )


def _plain(answer: Mapping[str, object], path: str, granted: Sequence[str]) -> object:
    """What may be shown: nothing that holds a token of the same answer, wherever the entry looks for it."""
    found = dig(answer, path)
    return None if any(each in str(found) for each in granted) else found


def read_kept(kept: tuple[Kept, ...], source: str, look: Callable[[str], object]) -> dict[str, str]:
    """The plain values of one source that look as the entry says.

    Raises: ProviderError when one that is required does not.
    """
    return dict(_read((each for each in kept if each.source == source and not each.secret), look))


def read_secrets(kept: tuple[Kept, ...], source: str, look: Callable[[str], object]) -> dict[str, SecretStr]:
    """The secret ones. Raises: as `read_kept`."""
    found = _read((each for each in kept if each.source == source and each.secret), look)
    return {name: SecretStr(value) for name, value in found}


def _read(kept: Iterable[Kept], look: Callable[[str], object]) -> Iterable[tuple[str, str]]:
    for each in kept:
        value = look(each.path)
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        match = re.fullmatch(each.pattern, text[:MAX_TOKEN_LENGTH])
        if match:
            yield each.name, match.group(1) if match.groups() else text
        elif each.required:
            raise ProviderError(f"The provider's answer has no usable `{each.name}`.", code="provider_answer")


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


def _object(kind: str, status: int, body: bytes) -> dict[str, object]:
    content = body.removeprefix(b"\xef\xbb\xbf").strip()
    if kind == "text" and status < 300:
        return {"access_token": content.decode("ascii", "replace")}
    if kind == "form" and not content.startswith(b"{"):
        # The values that are there once; what comes twice is nobody's.
        try:
            found = parse_qs(content.decode("utf-8", "replace"), max_num_fields=100)
        except ValueError:
            raise _nonsense(status) from None
        return {name: values[0] for name, values in found.items() if len(values) == 1}
    try:
        answer = loads(content, huge_numbers=True)
    except NotStrictJsonError:
        raise _nonsense(status) from None
    if not isinstance(answer, dict):
        raise _nonsense(status)
    return cast("dict[str, object]", answer)


def _refusal(
    reading: Reading, status: int, answer: Mapping[str, object]
) -> GrantRefusedError | ClientRefusedError | ProviderError:
    error = dig(answer, reading.answer.error)
    known = isinstance(error, str) and (error in reading.dead_errors or _WORD.fullmatch(error))
    word = cast("str", error) if known else "unknown_error"
    if word in reading.dead_errors:
        return GrantRefusedError(word, provider_status=status)
    if status >= 500 or status == 429:
        return _nonsense(status)
    if word in CLIENT_ERRORS:
        return ClientRefusedError(word)
    return GrantRefusedError(word, provider_status=status)


def _nonsense(status: int) -> ProviderError:
    return ProviderError(
        f"The provider's token endpoint answered {status} with nothing usable.", provider_status=status
    )


def is_token(value: object) -> bool:
    """VSCHARs alone (RFC 6749, appendix A.12): nothing that could break a header."""
    return isinstance(value, str) and len(value) <= MAX_TOKEN_LENGTH and _TOKEN.fullmatch(value) is not None


def _token(value: object) -> str | None:
    return cast("str", value) if is_token(value) else None


_UNITS = {"seconds": 1.0, "milliseconds": 0.001, "minutes": 60.0}


def _expiry(reading: Reading, answer: Mapping[str, object], access_token: str, *, at: datetime) -> datetime | None:
    life = _seconds(dig(answer, reading.answer.expires_in))
    if life is not None:
        life *= _UNITS[reading.answer.expires_in_unit]
    else:
        end = _moment(dig(answer, reading.answer.expires_at)) or jwt_expiry(access_token)
        life = None if end is None else (end - at).total_seconds()
    if life is None and reading.default_expires_in is not None:
        life = float(reading.default_expires_in)
    return None if life is None else at + _clamped(life)


def introspected_end(status: int, body: bytes, *, at: datetime) -> datetime | None:
    """`exp` of a token that its server calls active (RFC 7662, 2.2); None where it says nothing usable."""
    try:
        answer = loads(body, huge_numbers=True) if status == 200 else None
    except NotStrictJsonError:
        return None
    said = cast("dict[str, object]", answer) if isinstance(answer, dict) else {}
    end = _moment(said.get("exp")) if said.get("active") is True else None
    return None if end is None else at + _clamped((end - at).total_seconds())


def _grant_expiry(reading: Reading, answer: Mapping[str, object], *, at: datetime) -> datetime | None:
    own = reading.answer.refresh_token_expires_in
    for name in (*((own,) if own else ()), *_REFRESH_LIFE):
        life = _seconds(dig(answer, name))
        if life is not None and life > 0:
            return at + _clamped(life)
    days = reading.refresh_token_lifetime_days
    return None if days is None else at + timedelta(days=days)


def _clamped(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, SHORTEST_LIFE.total_seconds()), LONGEST_LIFE.total_seconds()))


def _seconds(value: object) -> float | None:
    """A number in any clothes; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(min(max(value, -1), 10**15))
    if isinstance(value, float):
        return min(max(value, -1.0), 1e15)
    text = value.strip() if isinstance(value, str) else ""
    return float(min(int(text[:15]), 10**15)) if text.isascii() and text.isdecimal() else None


def _moment(value: object) -> datetime | None:
    """An epoch in seconds or milliseconds, or ISO 8601."""
    seconds = _seconds(value)
    if seconds is not None and seconds > _MILLISECONDS_FROM:
        seconds /= 1000
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


def scopes_in(value: object) -> tuple[str, ...] | None:
    """Separated by spaces, commas or pluses, or a list."""
    if isinstance(value, list):
        value = " ".join(each for each in cast("list[object]", value) if isinstance(each, str))
    if not isinstance(value, str):
        return None
    return tuple(dict.fromkeys(part for part in re.split(r"[\s,+]+", value[:8000]) if part.isprintable() and part))
