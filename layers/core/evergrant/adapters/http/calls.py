"""Calls of a provider's own making: an app's templates become a request, and trouble an error."""

import json
from collections.abc import Mapping
from typing import Literal, cast
from urllib.parse import urlencode

from evergrant.domain.app import Call, Request
from evergrant.domain.errors import ProviderError
from evergrant.domain.rendering import render_all, render_params, render_text, render_url, with_derived
from evergrant.domain.renewal import TIMEOUT
from evergrant.ports.http import HttpAnswer, HttpClient

TOTAL_SECONDS = TIMEOUT.total_seconds()
"""Well inside the lease of a renewal."""
MAX_BYTES = 64 * 1024


def asked(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    members: Mapping[str, str],
    members_format: Literal["form", "json", "query"],
) -> tuple[str, str, dict[str, str], bytes | None]:
    """What `HttpClient.send` takes: the members in the query, in a form, or in JSON whose dots nest."""
    if members_format == "query" or method == "GET":
        return method, with_query(url, members), dict(headers), None
    if members_format == "json":
        content, media_type = json.dumps(_nested(members)), "application/json"
    else:
        content, media_type = urlencode(list(members.items())), "application/x-www-form-urlencoded"
    return method, url, {"content-type": media_type, **_lowered(headers)}, content.encode()


def send_call(
    http: HttpClient,
    call: Call,
    request: Request,
    values: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    """One call, filled with a credential's values; `headers` are templates for a call that states none.

    Raises: ProviderError, ProviderTimeoutError, AppMisconfiguredError.
    """
    own = {"headers": {**(headers or {}), **call.headers}, "basic": call.basic or request.basic}
    filled = with_derived(request.model_copy(update=own), values)
    url = with_query(call_url(call, request, filled), render_params(call, filled))
    members = {name: render_text(each, filled) for name, each in call.body.items()}
    sent = {"accept": "application/json", **_lowered(render_all(call.headers or headers or {}, filled))}
    if members:
        method, url, sent, body = asked(
            call.method, url, headers=sent, members=members, members_format=call.body_format
        )
    else:
        method, body = call.method, None
    return http.send(method, url, headers=sent, body=body, total_seconds=TOTAL_SECONDS, max_bytes=MAX_BYTES)


def call_url(call: Call, request: Request, values: Mapping[str, str]) -> str:
    """Where it goes."""
    return render_url(call.url or f"{request.base_url}{call.path}", values)


def with_query(url: str, params: Mapping[str, str]) -> str:
    """The address with further parameters."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url


def trouble(answer: HttpAnswer) -> ProviderError:
    """An answer that says nothing but that it went wrong."""
    wait = answer.retry_after
    return ProviderError(
        f"The provider answered {answer.status}. Try again later.",
        provider_status=answer.status,
        retry_after=None if wait is None else int(wait.total_seconds()),
    )


def _nested(members: Mapping[str, str]) -> dict[str, object]:
    content: dict[str, object] = {}
    for name, value in members.items():
        *parents, leaf = name.split(".")
        inner = content
        for parent in parents:
            inner = cast("dict[str, object]", inner.setdefault(parent, {}))
        inner[leaf] = value
    return content


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
