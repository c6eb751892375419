"""`ProviderApi`: a request to an app, with the secret added on the way as the app's entry says."""

from collections.abc import Mapping

from evergrant.adapters.http.calls import with_query
from evergrant.domain.app import AuthMethod, AwsSigV4Method, OAuth1Method, StaticMethod
from evergrant.domain.rendering import render_all, render_params, with_derived
from evergrant.domain.secret import Secret
from evergrant.ports.http import HttpAnswer, HttpClient
from evergrant.ports.providers import ProviderRequest
from evergrant.ports.system import Clock, Entropy


class HttpProviderApi:
    """Only hosts that were sealed with the secret are asked."""

    def __init__(self, http: HttpClient, clock: Clock, entropy: Entropy) -> None:
        self._http, self._clock, self._entropy = http, clock, entropy

    def send(
        self,
        way: AuthMethod,
        secret: Secret,
        variables: Mapping[str, str],
        request: ProviderRequest,
        *,
        total_seconds: float,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        secret.require_host(request.url)
        values = with_derived(way.request, {**variables, **secret.revealed()})
        templates = way.request.headers if headers is None else headers
        filled = request.with_headers(render_all(templates, values))
        filled = filled.with_url(with_query(request.url, render_params(way.request, values)))
        filled = self._signed(way, values, filled)
        return self._http.send(
            filled.method,
            filled.url,
            headers=filled.headers,
            body=filled.body,
            total_seconds=total_seconds,
            max_bytes=max_bytes,
        )

    def _signed(self, way: AuthMethod, values: Mapping[str, str], request: ProviderRequest) -> ProviderRequest:
        if isinstance(way, OAuth1Method):
            from evergrant.adapters.signing.oauth1 import signed

            return signed(way, values, request)
        if isinstance(way, AwsSigV4Method):
            from evergrant.adapters.signing.sigv4 import signed as signed_for_aws

            return signed_for_aws(way, values, request)
        if isinstance(way, StaticMethod) and way.signature:
            from evergrant.adapters.signing.own_signature import signed as signed_by_its_own

            return signed_by_its_own(way.signature, values, request, at=self._clock.now(), entropy=self._entropy)
        return request
