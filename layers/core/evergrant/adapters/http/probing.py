"""Asking the provider whether a static secret still works: the one live call that the app's entry defines."""

from evergrant.domain.app import AuthMethod, Probe
from evergrant.domain.credential import Credential
from evergrant.domain.errors import CredentialExpiredError, ProviderError
from evergrant.domain.rendering import render, with_derived
from evergrant.domain.renewal import Dead, Outcome, Transient, Unchecked, Verified
from evergrant.domain.secret import Secret
from evergrant.ports import Apps, HttpClient

TOTAL_SECONDS = 8
"""Well inside the lease."""
MAX_BYTES = 64 * 1024


class ProbingUpstream:
    """`Upstream` for static secrets; refreshing is not here yet."""

    def __init__(self, apps: Apps, http: HttpClient) -> None:
        self._apps, self._http = apps, http

    def renew(self, credential: Credential, secret: Secret) -> Outcome:
        """What is neither alive nor dead says nothing of the secret: dead means dead."""
        app = self._apps.find(credential.workspace_id, credential.app)
        method = app and app.method(credential.kind)
        if method is None or method.probe is None:
            return Unchecked()
        try:
            status = self._ask(method, method.probe, secret)
        except CredentialExpiredError as error:
            return Dead(error.code)
        except ProviderError as error:
            return Transient(error.code, "The app could not be asked; it will be tried again.")
        if status in method.probe.alive:
            return Verified()
        if status in method.probe.dead:
            return Dead("rejected_by_provider", f"HTTP {status}")
        return Transient("provider_error", f"The app answered {status}; it will be tried again.")

    def _ask(self, method: AuthMethod, probe: Probe, secret: Secret) -> int:
        values = with_derived(method.request, secret.revealed())
        url = render(probe.url or f"{method.request.base_url}{probe.path}", values)
        secret.require_host(url)
        headers = {name: render(each, values) for name, each in method.request.headers.items()}
        answer = self._http.send(
            probe.method,
            url,
            headers=headers,
            body=None,
            total_seconds=TOTAL_SECONDS,
            max_bytes=MAX_BYTES,
        )
        return answer.status
