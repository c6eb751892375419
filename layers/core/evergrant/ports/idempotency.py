"""The first answer to a request that may come again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What an idempotency key was used for before; `sealed` is None while the first request still runs."""

    fingerprint: str
    status: int | None
    sealed: bytes | None
    secret_until: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act for an idempotency key; `since` is its first use, also by a worker that died."""

    key: str
    writer: str
    since: datetime


class IdempotencyStore(Protocol):
    """First answers, kept for a day."""

    def begin(self, key: str, *, writer: str, fingerprint: str, at: datetime) -> Claim | FirstAnswer:
        """The claim, which its writer must `finish`, `release` or `forget`; or what another left."""
        ...

    def finish(self, claim: Claim, *, status: int, sealed: bytes, secret_until: datetime | None) -> None:
        """Raises: ConflictError when another has the claim by now."""
        ...

    def release(self, claim: Claim) -> None:
        """Nobody knows what became of it: the same request may try again at once, and is the same.

        Raises: as `finish`.
        """
        ...

    def forget(self, claim: Claim) -> None:
        """Nothing was made: the key is free for another body. Raises: as `finish`."""
        ...
