"""A call to a provider with a credential's secret added on the way: the caller never sees it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, unquote, unquote_plus, urlencode, urljoin, urlsplit

from evergrant.domain.app import names_in
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    CredentialExpiredError,
    Detail,
    ProviderError,
    ProviderTimeoutError,
    ValidationFailedError,
)
from evergrant.ports.http import HttpAnswer
from evergrant.ports.providers import ProviderApi, ProviderRequest
from evergrant.ports.system import Clock
from evergrant.use_cases.credentials.fresh_token import Usable

IN_ALL = timedelta(seconds=25)
"""Renewing, calling and calling again."""
MAX_BYTES = 4_500_000
"""Each way: what Lambda passes on when it is written in base64."""
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECTIONS_OWN = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
        *("proxy-authenticate", "proxy-authorization", "host", "content-length", "accept-encoding", "via", "forwarded"),
    }
)
_CALLERS_OWN = frozenset({"authorization", "cookie", "x-api-version"})
_GATEWAYS_OWN = ("x-amz", "x-forwarded-", "cloudfront-")
_NOT_PASSED_BACK = frozenset({"set-cookie", "content-encoding", "content-security-policy", "strict-transport-security"})


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """What is to be asked; `path` comes after the app's base URL, header names are in lower case."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] | None = None
    body: bytes | None = None


def call_provider(
    call: ProviderCall,
    *,
    usable: Callable[[bool], Usable],
    verify: Callable[[Credential], Credential],
    api: ProviderApi,
    clock: Clock,
) -> HttpAnswer:
    """The provider's answer. After a 401: one renewal and one more call, then the truth about the credential.

    `usable(force)` opens the credential, renewed first where it must be; `verify` asks the app's live check.

    Raises: ValidationFailedError for a path that leads elsewhere; CredentialExpiredError; ProviderError,
    ProviderTimeoutError; as `fresh_token`.
    """
    until = clock.now() + IN_ALL
    opened = usable(False)  # noqa: FBT003  # not forced
    answer = _sent(call, opened, until=until, api=api, clock=clock)
    if answer.status != 401:
        return answer
    if opened.credential.renewable:
        renewed = usable(True)  # noqa: FBT003  # forced
        if renewed.credential.generation == opened.credential.generation:
            return answer
        return _sent(call, renewed, until=until, api=api, clock=clock)
    if verify(opened.credential).status == "expired":
        raise CredentialExpiredError(
            f"The provider no longer takes this credential: ask the user to connect {opened.credential.app} again."
        )
    return answer


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Of a caller's headers: neither the connection's own, nor what proves the caller to us."""
    dropped = _of_the_connection(headers) | _CALLERS_OWN
    return {
        name: value for name, value in headers.items() if name not in dropped and not name.startswith(_GATEWAYS_OWN)
    }


def passed_back(answer: HttpAnswer) -> dict[str, str]:
    """Of a provider's headers; whatever it answers is shown to a browser as a document without rights."""
    dropped = _of_the_connection(answer.headers) | _NOT_PASSED_BACK
    kept = {name: value for name, value in answer.headers.items() if name not in dropped}
    return {**kept, "content-security-policy": "sandbox", "x-content-type-options": "nosniff"}


def _of_the_connection(headers: Mapping[str, str]) -> frozenset[str]:
    """What goes no further than the next hop, with what `Connection` names (RFC 9110, 7.6.1)."""
    named = headers.get("connection", "").lower().split(",")
    return _CONNECTIONS_OWN.union(each.strip() for each in named)


def _sent(call: ProviderCall, usable: Usable, *, until: datetime, api: ProviderApi, clock: Clock) -> HttpAnswer:
    request = _request(call, usable)
    hops = MOST_REDIRECTS if call.method in ("GET", "HEAD") else 0
    while True:
        left = (until - clock.now()).total_seconds()
        if left <= 0:
            raise ProviderTimeoutError("The provider did not answer in time. Try again.")
        answer = api.send(
            usable.method,
            usable.secret,
            usable.credential.variables,
            request,
            total_seconds=left,
            max_bytes=MAX_BYTES,
        )
        if answer.is_cut:
            raise ProviderError("The provider's answer is larger than 4.5 MB.", code="answer_too_large")
        there = _within(request.url, answer.headers.get("location", ""))
        if answer.status not in _REDIRECTS or there is None or hops == 0:
            return _without_secret(answer, usable)
        request, hops = replace(request, url=there), hops - 1


def _request(call: ProviderCall, usable: Usable) -> ProviderRequest:
    base_url = usable.base_url()
    if base_url is None:
        raise ValidationFailedError([Detail("path", "This app has no address of its own to call.")])
    own = usable.params()
    query = [(name, value) for name, value in call.query if name not in own]
    url = f"{base_url.rstrip('/')}/{_path(call.path)}{'?' + urlencode(query) if query else ''}"
    return ProviderRequest(call.method, url, passed_on(call.headers or {}), call.body)


def _within(url: str, location: str) -> str | None:
    """Where a redirect leads, if that is the same host."""
    there = urljoin(url, location)
    return there if urlsplit(there)[:2] == urlsplit(url)[:2] else None


def _without_secret(answer: HttpAnswer, usable: Usable) -> HttpAnswer:
    """Providers repeat a request's parameters in the address of a redirect: ours are taken out of it.

    Whatever other header repeats the secret is left out, and in the body, such as the address of a next page there,
    it is blotted out. Written in another way, such as in base64, it is not known again.
    """
    request = usable.method.request
    params = request.all_params()
    # A client's id is no secret (RFC 6749, 2.2), and an answer may well name it.
    sent = set(names_in(*request.headers.values(), *params.values(), *request.basic)) - {"clientId"}
    kept = dict(answer.headers)
    if params and "location" in kept:
        kept["location"] = _without(kept["location"], params.keys())
    headers = {name: value for name, value in kept.items() if not usable.secret.is_repeated_in(value, among=sent)}
    return replace(answer, headers=headers, body=usable.secret.blotted_in(answer.body, among=sent))


def _without(address: str, names: Collection[str]) -> str:
    """The address, but for the parameters of those names."""
    page, mark, rest = address.partition("?")
    query, hash_, fragment = rest.partition("#")
    pairs = [each for each in query.split("&") if unquote_plus(each.partition("=")[0]) not in names]
    return f"{page}{mark if any(pairs) else ''}{'&'.join(pairs)}{hash_}{fragment}"


def _path(path: str) -> str:
    """Within the base URL, whatever is written. Raises: ValidationFailedError."""
    plain = unquote(unquote(path))
    odd = any(not character.isprintable() or character in "\\#?" for character in plain)
    if odd or any(segment in (".", "..") for segment in plain.split("/")) or "//" in plain or "://" in plain:
        raise ValidationFailedError([Detail("path", "This path does not stay within the app's base URL.")])
    return quote(path.lstrip("/"), safe="/%-._~!$&'()*+,;=:@")
