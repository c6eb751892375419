"""The machine's clock, its randomness, and the ids that are made of both."""

import base64
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evergrant.domain.ids import ENTROPY_BYTES, identifier

if TYPE_CHECKING:
    from evergrant.ports.system import Clock, Entropy


class SystemClock:
    """Aware, UTC, in milliseconds: what is stored is what was compared."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class SystemEntropy:
    """`os.urandom`: drawn when asked for, never at start-up, so that a snapshot cannot repeat it."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def token(self, count: int) -> str:
        return base64.urlsafe_b64encode(os.urandom(count)).rstrip(b"=").decode()


class SystemIdentities:
    """A new id each time."""

    def __init__(self, clock: "Clock", entropy: "Entropy") -> None:
        self._clock, self._entropy = clock, entropy

    def new(self, prefix: str) -> str:
        return identifier(prefix, at=self._clock.now(), entropy=self._entropy.bytes(ENTROPY_BYTES))
