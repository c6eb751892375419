"""Outbound calls: every address checked and pinned, no redirects, no proxy, a wall clock over all of it."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from ipaddress import IPv6Network
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from evergrant.domain.addresses import LOOPBACK
from evergrant.domain.errors import ProviderError, ProviderTimeoutError
from evergrant.ports.http import HttpAnswer

if TYPE_CHECKING:
    from requests import PreparedRequest, Session
    from requests.adapters import HTTPAdapter

CONNECT_SECONDS = 3
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
MAPPED = IPv6Network("::ffff:0:0/96")
"""How the library writes IPv4, whose own networks it checks within."""
NOT_UNICAST = (*IPv6Network("::/3").address_exclude(MAPPED), "4000::/2", "8000::/1")
"""All of IPv6 but 2000::/3 (RFC 4291, 2.4). IPv4 addresses stand in it in ways that a list of forms misses, as
::ffff:0:0:0/96 does (RFC 2765)."""
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
        outcome: list[HttpAnswer | Exception] = []
        line = _Line()

        def call() -> None:
            try:
                local = self._allow_loopback and urlsplit(url).hostname in LOOPBACK
                with line, _session(line, loopback=local) as session:
                    outcome.append(_call(session, method, url, headers, body, total_seconds, max_bytes))
            except Exception as error:  # noqa: BLE001  # handed to the caller's thread, and translated there
                outcome.append(error)

        # A time-out of a socket starts anew with each byte; only another thread can hold the wall clock.
        worker = threading.Thread(target=call, daemon=True)
        worker.start()
        worker.join(total_seconds)
        if not outcome:
            line.cut()
            raise ProviderTimeoutError("There was no whole answer in time.", nothing_done=not line.was_made)
        if isinstance(outcome[0], Exception):
            raise _translated(outcome[0], nothing_done=not line.was_made) from outcome[0]
        return outcome[0]


class _Line:
    """The connection of one call, which can be cut from outside, whatever it is doing: the call ends with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._is_cut = False
        self.was_made = False
        """Whether anything can have been sent."""

    def hold(self, made: socket.socket) -> socket.socket:
        """A second handle of the connection: TLS takes the first one over. Raises: TimeoutError after the cut."""
        with self._lock:
            if self._is_cut:
                made.close()
                raise TimeoutError
            self._ends.append(made.dup())
            self.was_made = True
        return made

    def cut(self) -> None:
        """Nothing more is sent or read."""
        with self._lock:
            self._is_cut = True
            for each in self._ends:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            for each in self._ends:
                each.close()
            self._ends.clear()


def _call(
    session: "Session",
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    total_seconds: float,
    max_bytes: int,
) -> HttpAnswer:
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
        policy.add_allowed_addresses(list(LOOPBACK_NETWORKS))
        policy.allow_plain_text_http = True
    else:
        policy = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
        policy.add_denied_addresses(list(map(str, NOT_UNICAST)))
        policy.add_xff_header = False
    return policy


def _session(line: _Line, *, loopback: bool) -> "Session":
    session: Session = _policy(loopback=loopback).get_antissrf_session()
    session.trust_env = False
    for adapter in session.adapters.values():
        # The library names the host without its port; requests asks for further headers after that.
        adapter.add_headers = _with_whole_host  # type: ignore[attr-defined]  # an adapter's hook
        _hold(cast("HTTPAdapter", adapter), line)
    return session


def _hold(adapter: "HTTPAdapter", line: _Line) -> None:
    """Each connection that the adapter makes is put on the line."""
    pool_of = adapter.get_connection_with_tls_context

    def held_pool_of(*args: Any, **kwargs: Any) -> Any:
        pool: Any = pool_of(*args, **kwargs)
        kind: Any = pool.ConnectionCls

        class Held(kind):  # pyright: ignore[reportUntypedBaseClass]  # plain or over TLS, as the pool has it
            def _new_conn(self) -> socket.socket:
                return line.hold(super()._new_conn())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

        pool.ConnectionCls = Held
        return pool

    adapter.get_connection_with_tls_context = held_pool_of


def _with_whole_host(request: "PreparedRequest", **_: object) -> None:
    """`Host` with the port that is not the scheme's own (RFC 9110, 7.2)."""
    request.headers["Host"] = urlsplit(request.url or "").netloc


def _translated(error: Exception, *, nothing_done: bool) -> ProviderError:
    from requests import Timeout

    if isinstance(error, Timeout):
        return ProviderTimeoutError("There was no answer in time.", nothing_done=nothing_done)
    return ProviderError(f"The call did not succeed ({type(error).__name__}).", nothing_done=nothing_done)
