"""Calls to the world outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; `headers` in lower case, `body` cut at the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


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
