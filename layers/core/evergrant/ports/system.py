"""Where time, chance and ids come from."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Entropy(Protocol):
    """Where ids, states and verifiers come from."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        ...

    def token(self, count: int) -> str:
        """`count` random bytes in base64url, without padding."""
        ...


class Identities(Protocol):
    """Where ids come from: time and chance, or an Idempotency-Key, under which a second run makes the same ones."""

    def new(self, prefix: str) -> str:
        """The next one."""
        ...
