"""A provider of which every refresh token is spent by its use: a used one works for the overlap, or ends the grant."""

from collections.abc import Callable, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.credential import Credential
from evergrant.domain.renewal import TIMEOUT, Dead, Outcome, Renewed, Transient
from evergrant.domain.secret import Secret
from pydantic import SecretStr

from tests.builders import MINUTE
from tests.fakes.system import FakeClock

LIFE, OVERLAP = 30 * MINUTE, 10 * MINUTE
Saying = Literal["answers", "loses_the_answer", "fails", "is_busy"]


@dataclass
class SpendingProvider:
    """`Upstream`."""

    clock: FakeClock
    overlap: timedelta
    call: Callable[[], AbstractContextManager[None]]
    """What is around the request."""
    kept: Callable[[], Set[str]]
    """The tokens that somebody has written down."""
    says: list[Saying] = field(default_factory=list[Saying])
    before: Callable[[], object] | None = None
    meanwhile: Callable[[], object] | None = None
    """What others do before the request is there, and between it and its answer; each once."""
    alive: set[str] = field(default_factory=set[str])
    of_grant: set[str] = field(default_factory=set[str])
    """Whatever was given for the grant that the merchant gave last."""
    never_told: set[str] = field(default_factory=set[str])
    """Of those, the ones whose answer was lost."""
    wasted: list[str] = field(default_factory=list[str])
    """Tokens by whose reuse a grant ended, though their successor was there."""
    _used: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _successors: dict[str, str] = field(default_factory=dict[str, str])
    _in_flight: set[str] = field(default_factory=set[str])
    _given: int = 0

    def granted(self) -> str:
        """The first token of a new grant; the old grant is the merchant's no more."""
        token = self._token()
        self.alive, self.of_grant, self.never_told = {token}, {token}, set()
        return token

    def takes(self, token: str) -> bool:
        """Whether it would answer to it now."""
        used = self._used.get(token)
        return token in self.alive and (used is None or self.clock.now() < used + self.overlap)

    def renew(self, credential: Credential, secret: Secret, *, force: bool = False) -> Outcome:
        before, self.before = self.before, None
        if before:
            before()
        with self.call():
            says = self.says.pop(0) if self.says else "answers"
            if says in ("is_busy", "fails"):
                return Transient("provider_error", "Down.", unknown=says == "fails")
            token = secret.reveal("refreshToken") or ""
            if not self.takes(token):
                self._refuse(token)
                return Dead("refresh_token_rejected", "invalid_grant")
            new = self._spend(token)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            self._in_flight = {new} if says == "answers" else set()
            meanwhile()
            self._in_flight = set()
        if says == "loses_the_answer":
            self.never_told.add(new)
            self.clock.pass_(TIMEOUT)
            return Transient("provider_timeout", "Late.", unknown=True)
        return Renewed(secret.with_values(refreshToken=SecretStr(new)), token_expires_at=self.clock.now() + LIFE)

    def _spend(self, token: str) -> str:
        new = self._token()
        self._used.setdefault(token, self.clock.now())
        self._successors[token] = new
        self.alive.add(new)
        self.of_grant.add(new)
        return new

    def _refuse(self, token: str) -> None:
        if token in self._used and token in self.alive:
            new = self._successors[token]
            self.wasted += [new] if new in self._in_flight | self.kept() else []
            self.alive.clear()

    def _token(self) -> str:
        self._given += 1
        return f"rt{self._given}"
