"""GET /oauth/callback/{workspaceId}/{app}: what the provider sends back, checked before anything is believed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import SecretBytes, SecretStr

from evergrant.domain import bearer
from evergrant.domain.app import OAuth2Method
from evergrant.domain.authorization import SECRET_BYTES, Authorization
from evergrant.domain.errors import ConnectError, ProviderError
from evergrant.domain.tokens import read_kept
from evergrant.ports.connecting import Authorizations
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Apps, Audit
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.flows import Flows, Redirecting, redirect_of
from evergrant.use_cases.recording import connect_line

ERRORS = frozenset(
    {
        *("access_denied", "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope"),
        *("server_error", "temporarily_unavailable", "login_required", "consent_required", "interaction_required"),
    }
)
"""The words of RFC 6749, 4.1.2.1 and OpenID Connect Core, 3.1.2.6; every other is `provider_error`."""
_CODE = re.compile(r"[\x20-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """The redirect, as the browser brought it. `parameters` were each sent once."""

    workspace_id: str
    app: str
    parameters: Mapping[str, str]
    cookies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Returned:
    """The provider's yes, with the one-time completion; or its no, with a known word."""

    authorization: Authorization
    completion: SecretStr | None = None
    error: str | None = None


def take_callback(
    request: CallbackRequest,
    *,
    apps: Apps,
    authorizations: Authorizations,
    flows: Flows,
    sealer: Sealer,
    audit: Audit,
    clock: Clock,
    entropy: Entropy,
) -> Returned:
    """Raises: ConnectError, with nothing sent to any provider."""
    state = request.parameters.get("state")
    if not state:
        raise ConnectError("This address is for an app's answer. Begin again.", code="state_unknown")
    # The state is spent before anything else: a second callback must find nothing.
    found = authorizations.consume("state", bearer.digest(state))
    now = clock.now()
    found.require_running(at=now)
    if (request.workspace_id, request.app) != (found.workspace_id, found.app):
        _refuse(found, "context_mismatch", authorizations, audit=audit, clock=clock, entropy=entropy)
    cookie = request.cookies.get(cookie_name(found.authorization_id))
    if found.cookie_digest is None or cookie is None or not bearer.matches(found.cookie_digest, cookie):
        _refuse(found, "browser_mismatch", authorizations, audit=audit, clock=clock, entropy=entropy)
    method = redirect_of(named_app(found.workspace_id, found.app, path="app", apps=apps), found.way or None)
    brought = flows.of(method).code_in(request.parameters) or ""
    error = _issuer_error(method, request.parameters.get("iss"))
    error = error or _provider_error(brought, request.parameters)
    variables: dict[str, str] = {}
    if error is None:
        try:
            variables = read_kept(method.brought(), "redirect", request.parameters.get)
        except ProviderError as unusable:
            error = unusable.code
    if error is not None:
        authorizations.move(found.failed(error), read=found)
        return Returned(found, error=error)
    code = SecretBytes(brought.encode())
    completion = entropy.token(SECRET_BYTES)
    ready = found.ready(code=sealer.seal(code, found.seal_context("code")), variables=variables, at=now)
    if found.is_modal:
        sealed = sealer.seal(SecretBytes(completion.encode()), found.seal_context("completion"))
        ready = replace(ready, sealed_completion=sealed)
    authorizations.move(ready, read=found, completion_digest=bearer.digest(completion))
    return Returned(ready, completion=SecretStr(completion))


def cookie_name(authorization_id: str) -> str:
    """One cookie an authorization, so that several can be under way in one browser."""
    return f"evergrant-{authorization_id}"


def _refuse(
    found: Authorization,
    code: str,
    authorizations: Authorizations,
    *,
    audit: Audit,
    clock: Clock,
    entropy: Entropy,
) -> None:
    authorizations.move(found.failed(code), read=found)
    audit.append(connect_line("authorization.refused", found, at=clock.now(), entropy=entropy, reason=code))
    raise ConnectError("This was begun somewhere else. Begin again, in one browser.", code=code)


def _issuer_error(method: Redirecting, issuer: str | None) -> str | None:
    """RFC 9207, 2.4: compared as strings; an absent one is an error where the server says that it sends it."""
    if not isinstance(method, OAuth2Method) or method.issuer is None:
        return None
    if issuer is None:
        return "issuer_missing" if method.authorization_response_iss_parameter_supported else None
    return None if issuer == method.issuer else "issuer_mismatch"


def _provider_error(code: str, parameters: Mapping[str, str]) -> str | None:
    if "error" in parameters:
        return parameters["error"] if parameters["error"] in ERRORS else "provider_error"
    if "denied" in parameters:
        # How servers of OAuth 1.0a say no.
        return "access_denied"
    return None if _CODE.fullmatch(code) else "code_missing"
