"""Asking the provider whether a secret still works: the one live call that the app's entry defines."""

from collections.abc import Mapping

from evergrant.domain.app import AuthMethod
from evergrant.domain.rendering import render, with_derived
from evergrant.domain.secret import Secret
from evergrant.domain.strict_json import NotStrictJsonError, loads
from evergrant.domain.tokens import dig
from evergrant.ports import HttpClient, ProbeAnswer

TOTAL_SECONDS = 8
"""Well inside the lease."""
MAX_BYTES = 64 * 1024


class HttpProbing:
    """`Probing` over HTTP."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def ask(self, method: AuthMethod, secret: Secret, variables: Mapping[str, str]) -> ProbeAnswer:
        """What is neither alive nor dead says nothing of the secret: dead means dead."""
        probe = method.probe
        if probe is None:
            return ProbeAnswer(verdict=None, status=0)
        values = with_derived(method.request, {**variables, **secret.revealed()})
        url = render(probe.url or f"{method.request.base_url}{probe.path}", values)
        secret.require_host(url)
        templates = method.request.headers if probe.headers is None else probe.headers
        headers = {name: render(each, values) for name, each in templates.items()}
        params = {name: render(each, values) for name, each in method.request.params.items()}
        answer = self._http.send(
            probe.method,
            _with_query(url, params),
            headers={"accept": "application/json", **_json_type(probe.body), **headers},
            body=probe.body.encode() if probe.body else None,
            total_seconds=TOTAL_SECONDS,
            max_bytes=MAX_BYTES,
        )
        if answer.status not in probe.alive:
            return ProbeAnswer(False if answer.status in probe.dead else None, answer.status)
        content = _content(answer.body)
        # Some apps say no with a good status.
        said = dig(content, probe.error) if probe.error else None
        if not isinstance(said, str) or not said:
            return ProbeAnswer(verdict=True, status=answer.status, content=content)
        return ProbeAnswer(False if said in probe.dead_errors else None, answer.status)


def _with_query(url: str, params: Mapping[str, str]) -> str:
    from urllib.parse import urlencode

    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url


def _json_type(body: str | None) -> dict[str, str]:
    return {"content-type": "application/json"} if body else {}


def _content(body: bytes) -> object:
    try:
        return loads(body)
    except NotStrictJsonError:
        return None
