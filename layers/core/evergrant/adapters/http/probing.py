"""Asking the provider whether a secret still works: the one live call that the app's entry defines."""

from collections.abc import Mapping

from evergrant.adapters.http.calls import MAX_BYTES, TOTAL_SECONDS, with_query
from evergrant.domain.app import AuthMethod
from evergrant.domain.rendering import render_all, render_url
from evergrant.domain.secret import Secret
from evergrant.domain.strict_json import NotStrictJsonError, loads
from evergrant.domain.tokens import dig
from evergrant.ports.providers import ProbeAnswer, ProviderApi, ProviderRequest


class HttpProbing:
    """`Probing` over HTTP."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    def ask(self, method: AuthMethod, secret: Secret, variables: Mapping[str, str]) -> ProbeAnswer:
        """What is neither alive nor dead says nothing of the secret: dead means dead."""
        probe = method.probe
        if probe is None:
            return ProbeAnswer(verdict=None, status=0)
        values = {**secret.revealed(), **variables}
        url = with_query(
            render_url(probe.url or f"{method.request.base_url}{probe.path}", values), render_all(probe.params, values)
        )
        json_type = {"content-type": "application/json"} if probe.body else {}
        body = probe.body.encode() if probe.body else None
        answer = self._api.send(
            method,
            secret,
            variables,
            ProviderRequest(probe.method, url, {"accept": "application/json", **json_type}, body),
            headers=probe.headers,
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


def _content(body: bytes) -> object:
    try:
        return loads(body)
    except NotStrictJsonError:
        return None
