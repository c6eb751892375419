"""What the development provider remembers: its one client, grants, and tokens as digests."""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.state import State

FILE = "provider.json"
CODE_SECONDS = 60
OVERLAP_SECONDS = 30
"""A spent refresh token still works for this long, so that a lost answer loses nothing."""


class InvalidGrantError(Exception):
    """RFC 6749, 5.2."""


@dataclass
class Code:
    """An authorization code: good once."""

    account_id: str
    scope: str
    redirect_uri: str
    code_challenge: str
    ends: float
    grant: str | None = None
    """What it was redeemed for."""


class Grants:
    """Each change is in the state folder before it is answered; codes are not, they live a minute."""

    def __init__(self, state: State, *, expires_in: int, clock: Callable[[], float]) -> None:
        self._state, self._expires_in, self._clock = state, expires_in, clock
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._kept: dict[str, Any] = state.read(FILE) or {
            "clientId": f"dev_{secrets.token_hex(8)}",
            "clientSecret": secrets.token_urlsafe(32),
            "grants": {},
            "access": {},
            "refresh": {},
        }

    @property
    def client(self) -> tuple[str, str]:
        """The one client's id and secret."""
        return self._kept["clientId"], self._kept["clientSecret"]

    def authorize(self, account_id: str, scope: str, redirect_uri: str, code_challenge: str) -> str:
        """A new code."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes = {each: kept for each, kept in self._codes.items() if kept.ends > self._clock()}
            ends = self._clock() + CODE_SECONDS
            self._codes[_digest(code)] = Code(account_id, scope, redirect_uri, code_challenge, ends)
        return code

    def redeem(self, code: str, redirect_uri: str, code_verifier: str) -> dict[str, object]:
        """A token answer. Raises: InvalidGrantError; a code that comes twice ends its grant (RFC 6749, 4.1.2)."""
        with self._lock:
            found = self._codes.get(_digest(code))
            if found is None or found.ends <= self._clock():
                raise InvalidGrantError
            if found.grant is not None:
                self._end([found.grant])
                raise InvalidGrantError
            # Spent whatever comes of it: a wrong verifier is not tried twice.
            found.grant = secrets.token_hex(16)
            if not hmac.compare_digest(challenge_of(code_verifier), found.code_challenge) or not same(
                redirect_uri, found.redirect_uri
            ):
                raise InvalidGrantError
            self._kept["grants"][found.grant] = {"accountId": found.account_id, "scope": found.scope}
            return self._issue(found.grant)

    def refresh(self, refresh_token: str) -> dict[str, object]:
        """The next pair. Raises: InvalidGrantError for one that was spent before the overlap."""
        with self._lock:
            found = self._kept["refresh"].get(_digest(refresh_token))
            if found is None or self._is_over(found["spentAt"]):
                raise InvalidGrantError
            if found["spentAt"] is None:
                found["spentAt"] = self._clock()
            return self._issue(found["grant"])

    def account_of(self, access_token: str) -> str | None:
        """Whose token it is; None when it is not good."""
        with self._lock:
            found = self._kept["access"].get(_digest(access_token))
            if found is None or found["ends"] <= self._clock():
                return None
            return self._kept["grants"][found["grant"]]["accountId"]

    def revoke(self, token: str) -> None:
        """The token's whole grant ends; an unknown token is no error (RFC 7009, 2.2)."""
        with self._lock:
            found = self._kept["refresh"].get(_digest(token)) or self._kept["access"].get(_digest(token))
            if found:
                self._end([found["grant"]])

    def revoke_account(self, account_id: str) -> int:
        """As a merchant does in the provider's settings; how many grants there were."""
        with self._lock:
            ended = [grant for grant, kept in self._kept["grants"].items() if kept["accountId"] == account_id]
            self._end(ended)
            return len(ended)

    def _issue(self, grant: str) -> dict[str, object]:
        access_token, refresh_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._kept["access"][_digest(access_token)] = {"grant": grant, "ends": self._clock() + self._expires_in}
        self._kept["refresh"][_digest(refresh_token)] = {"grant": grant, "spentAt": None}
        self._save()
        return {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": self._expires_in,
            "scope": self._kept["grants"][grant]["scope"],
        }

    def _end(self, grants: list[str]) -> None:
        for grant in grants:
            self._kept["grants"].pop(grant, None)
        self._save()

    def _save(self) -> None:
        """Without what is over, so that the file does not grow."""
        kept, now = self._kept, self._clock()
        kept["access"] = {
            digest: each
            for digest, each in kept["access"].items()
            if each["grant"] in kept["grants"] and each["ends"] > now
        }
        kept["refresh"] = {
            digest: each
            for digest, each in kept["refresh"].items()
            if each["grant"] in kept["grants"] and not self._is_over(each["spentAt"])
        }
        self._state.write(FILE, kept)

    def _is_over(self, spent_at: float | None) -> bool:
        return spent_at is not None and self._clock() >= spent_at + OVERLAP_SECONDS


def challenge_of(code_verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return urlsafe(hashlib.sha256(code_verifier.encode()).digest())


def urlsafe(content: bytes) -> str:
    """Base64url without padding (RFC 7636, appendix A)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def same(given: str, known: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(given.encode(), known.encode())


def _digest(token: str) -> str:
    """What is looked up: how long it takes tells nothing of the token."""
    return hashlib.sha256(token.encode()).hexdigest()
