"""Reading tokens that a caller brings: OAuth 2's as a token answer would name them, or a pair of OAuth 1.0a."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from evergrant.domain.app import Kept, OAuth1Method, OAuth2Method
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.times import EARLIEST, LATEST
from evergrant.domain.tokens import Tokens, is_token, jwt_expiry, scopes_in
from evergrant.use_cases.connect.flows import Redirecting
from evergrant.use_cases.credentials.entry import BRINGING, problems_with

OAUTH2 = BRINGING | {"tokenType", "accessTokenExpiresAt", "scope"}
OAUTH1 = frozenset({"tokenId", "tokenSecret"})


@dataclass(frozen=True, slots=True)
class Brought:
    """What a caller's `data` holds, checked."""

    tokens: Tokens
    values: Mapping[str, SecretStr]
    """All that is to be sealed."""
    variables: Mapping[str, str]
    must_renew: bool = False
    """Whether nothing of it can be used before the first renewal."""


def read_tokens(
    way: Redirecting, data: Mapping[str, SecretStr], *, ends: datetime | None, at: datetime, root: str
) -> Brought:
    """Besides the tokens, the app's own properties, and what the provider gave with the tokens.

    `accessToken`, `refreshToken`, `tokenType`, `accessTokenExpiresAt`, `scope`; for OAuth 1.0a `tokenId` and
    `tokenSecret`. Raises: ValidationFailedError naming every path.
    """
    plain = {name: value.get_secret_value() for name, value in data.items()}
    own = {each.name: data[each.name] for each in way.properties if each.name in data}
    kept = way.brought()
    known = {*own, *(each.name for each in kept), *(OAUTH1 if isinstance(way, OAuth1Method) else OAUTH2)}
    wrong = dict.fromkeys(plain.keys() - known, "This app has no such property.")
    wrong |= _wrong_kept(kept, plain)
    wrong |= _wrong_pair(plain) if isinstance(way, OAuth1Method) else _wrong_tokens(way, plain, at=at)
    found = [*problems_with(way, own, root=root), *(Detail(f"{root}.{name}", what) for name, what in wrong.items())]
    if found:
        raise ValidationFailedError(found)
    given = [(each, _matched(each, plain[each.name]) or "") for each in kept if each.name in plain]
    variables = {each.name: each.default for each in way.properties if each.default is not None}
    variables |= {name: value.get_secret_value() for name, value in own.items()}
    variables |= {each.name: value for each, value in given if not each.secret}
    secrets = {each.name: SecretStr(value) for each, value in given if each.secret}
    if isinstance(way, OAuth1Method):
        tokens = Tokens(data["tokenId"], None, "oauth1", None, ends, None, {})
        return Brought(tokens, {name: data[name] for name in OAUTH1} | secrets, variables)
    tokens = _tokens(way, data, ends=ends, at=at)
    values = {name: data[name] for name in ("accessToken", "refreshToken") if name in data}
    return Brought(
        tokens,
        {**values, "tokenType": SecretStr(tokens.token_type), **secrets},
        variables,
        must_renew="accessToken" not in values,
    )


def _tokens(way: OAuth2Method, data: Mapping[str, SecretStr], *, ends: datetime | None, at: datetime) -> Tokens:
    access, refresh = data.get("accessToken"), data.get("refreshToken")
    stated, scope, kind = data.get("accessTokenExpiresAt"), data.get("scope"), data.get("tokenType")
    end = _moment(stated.get_secret_value()) if stated else None
    end = end or (jwt_expiry(access.get_secret_value()) if access else at)
    if end is None and refresh is not None and way.default_expires_in is not None:
        # Nobody knows how old it is: it is renewed before it is used.
        end = at
    if ends is None and refresh is not None and way.refresh_token_lifetime_days is not None:
        ends = at + timedelta(days=way.refresh_token_lifetime_days)
    return Tokens(
        access or SecretStr(""),
        refresh,
        kind.get_secret_value() if kind else "bearer",
        end,
        ends,
        scopes_in(scope.get_secret_value()) if scope else None,
        {},
    )


def _wrong_tokens(way: OAuth2Method, plain: Mapping[str, str], *, at: datetime) -> dict[str, str]:
    wrong = {
        name: "This is no token: it holds characters that no token has."
        for name in BRINGING & plain.keys()
        if not is_token(plain[name])
    }
    if not BRINGING & plain.keys() and not way.mints:
        wrong["accessToken"] = "Send an accessToken, a refreshToken, or both."  # a complaint
    if plain.get("tokenType", "bearer").lower() not in (*way.token_types, "bearer"):
        wrong["tokenType"] = "This app has no such type of token."  # a complaint
    end = _moment(plain.get("accessTokenExpiresAt"))
    if "accessTokenExpiresAt" in plain and end is None:
        wrong["accessTokenExpiresAt"] = "Send a time as ISO 8601 with its zone, such as 2026-11-24T09:00:00.000Z."
    elif end is not None and end <= at and "refreshToken" not in plain:
        wrong["accessTokenExpiresAt"] = "This time is over, and there is no refreshToken."
    return wrong


def _wrong_pair(plain: Mapping[str, str]) -> dict[str, str]:
    return {name: "This property is required." for name in OAUTH1 if not is_token(plain.get(name))}


def _wrong_kept(kept: Iterable[Kept], plain: Mapping[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for each in kept:
        can_be_asked = each.source == "probe" and "accessToken" in plain
        if each.name not in plain and each.required and not can_be_asked:
            wrong[each.name] = "This property is required: the provider gave it with the tokens."
        if each.name in plain and _matched(each, plain[each.name]) is None:
            wrong[each.name] = f"Send it as the provider gave it: expected {each.pattern}."
    return wrong


def _matched(each: Kept, text: str) -> str | None:
    match = re.fullmatch(each.pattern, text)
    return None if match is None else match.group(1) if match.groups() else text


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo and EARLIEST <= found.year <= LATEST else None
