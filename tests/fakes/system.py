"""Time and chance that a test decides."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from evergrant.domain.ids import ENTROPY_BYTES, identifier

from tests.builders import NOON


@dataclass
class FakeClock:
    """`Clock`, in milliseconds: it stands until a test moves it."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at.replace(microsecond=self.at.microsecond // 1000 * 1000)

    def pass_(self, time: timedelta) -> None:
        """Move it."""
        self.at += time


class FakeEntropy:
    """`Entropy`: never the same twice, and the same in every run."""

    def __init__(self) -> None:
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        self._drawn += 1
        blocks = (sha256(f"{self._drawn}|{block}".encode()).digest() for block in range(count // 32 + 1))
        return b"".join(blocks)[:count]

    def token(self, count: int) -> str:
        return base64.urlsafe_b64encode(self.bytes(count)).rstrip(b"=").decode()


class FakeIdentities:
    """`Identities`: in the order in which they were drawn."""

    def __init__(self) -> None:
        self._drawn = 0

    def new(self, prefix: str) -> str:
        self._drawn += 1
        return identifier(prefix, at=NOON, entropy=self._drawn.to_bytes(ENTROPY_BYTES))
