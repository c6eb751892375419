"""The machine's clock and its randomness."""

import base64
import os
from datetime import UTC, datetime


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
