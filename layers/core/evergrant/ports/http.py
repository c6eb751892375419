"""Calls to the world outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

LONGEST_WAIT = timedelta(days=1)
"""The longest that anybody may ask for."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; `headers` in lower case, `body` cut at the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False

    @property
    def retry_after(self) -> timedelta | None:
        """How long it asks to wait (RFC 9110, 10.2.3): in seconds, or until a time by its own `Date`."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdecimal():
            return min(timedelta(seconds=int(asked[:6])), LONGEST_WAIT)
        until, at = _moment(asked), _moment(self.headers.get("date", ""))
        return None if until is None or at is None else min(max(until - at, timedelta(0)), LONGEST_WAIT)


def _moment(date: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class HttpClient(Protocol):
    """Calls to the world outside, none of which is trusted."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        total_seconds: float,
        max_bytes: int,
    ) -> HttpAnswer:
        """Raises: ProviderTimeoutError, ProviderError for an address that is not public or a call that broke."""
        ...
