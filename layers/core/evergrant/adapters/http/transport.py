"""Outbound calls: every address checked and pinned, no redirects, no proxy, a wall clock over all of it."""

import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evergrant.domain.errors import ProviderError, ProviderTimeoutError
from evergrant.ports import HttpAnswer

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

CONNECT_SECONDS = 3
LOOPBACK = ("127.0.0.0/8", "::1/128")
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_CHUNK = 4096


class CheckedTransport:
    """`HttpClient`: public https alone; in the local stack loopback http besides."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback

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
        local = self._allow_loopback and urlsplit(url).hostname in _LOOPBACK_NAMES
        outcome: list[HttpAnswer | Exception] = []

        def call() -> None:
            try:
                outcome.append(_call(method, url, headers, body, total_seconds, max_bytes, loopback=local))
            except Exception as error:  # noqa: BLE001  # handed to the caller's thread, and translated there
                outcome.append(error)

        # A time-out of a socket starts anew with each byte; only another thread can hold the wall clock.
        worker = threading.Thread(target=call, daemon=True)
        worker.start()
        worker.join(total_seconds)
        if not outcome:
            raise ProviderTimeoutError("There was no whole answer in time.")
        if isinstance(outcome[0], Exception):
            raise _translated(outcome[0]) from outcome[0]
        return outcome[0]


def _call(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    total_seconds: float,
    max_bytes: int,
    *,
    loopback: bool,
) -> HttpAnswer:
    with _session(loopback=loopback) as session:
        response = session.request(
            method,
            url,
            data=body,
            headers={"accept-encoding": "identity", **headers},
            timeout=(CONNECT_SECONDS, total_seconds),
            allow_redirects=False,
            stream=True,
        )
        content = b""
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > max_bytes:
                break
        response.close()
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status_code, lowered, content[:max_bytes], is_cut=len(content) > max_bytes)


@cache
def _policy(*, loopback: bool) -> Any:
    from AntiSSRF import (  # pyright: ignore[reportMissingTypeStubs]  # it has none
        AntiSSRFPolicy,
        PolicyConfigOptions,
    )

    if loopback:
        policy = AntiSSRFPolicy(PolicyConfigOptions.INTERNAL_ONLY)
        policy.add_allowed_addresses(list(LOOPBACK))
        policy.allow_plain_text_http = True
    else:
        policy = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
        policy.add_denied_addresses(["::/96"])
        policy.add_xff_header = False
    return policy


def _session(*, loopback: bool) -> "Session":
    session: Session = _policy(loopback=loopback).get_antissrf_session()
    session.trust_env = False
    for adapter in session.adapters.values():
        # The library names the host without its port; requests asks for further headers after that.
        adapter.add_headers = _with_whole_host  # type: ignore[attr-defined]  # an adapter's hook
    return session


def _with_whole_host(request: "PreparedRequest", **_: object) -> None:
    """`Host` with the port that is not the scheme's own (RFC 9110, 7.2)."""
    request.headers["Host"] = urlsplit(request.url or "").netloc


def _translated(error: Exception) -> ProviderError:
    from requests import Timeout

    if isinstance(error, Timeout):
        return ProviderTimeoutError("There was no answer in time.")
    return ProviderError(f"The call did not succeed ({type(error).__name__}).")
