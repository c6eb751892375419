"""What is asked of a provider."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from evergrant.domain.credential import Credential
from evergrant.ports.http import HttpAnswer

if TYPE_CHECKING:
    from evergrant.domain.app import AuthMethod, ClientCredentialsMethod, JwtBearerMethod, OAuth1Method, OAuth2Method
    from evergrant.domain.client import OAuthClient
    from evergrant.domain.renewal import Outcome, Stale
    from evergrant.domain.secret import Secret
    from evergrant.domain.tokens import Tokens


class Revoker(Protocol):
    """Ends a grant at its provider."""

    def revoke(
        self, credential: Credential, *, shared: bool, keep: Callable[[bytes], object]
    ) -> tuple[bool, str | None]:
        """(True, None) when it was ended there; (False, reason) where that is not possible.

        `shared`: another live credential rests on the same grant. `keep` is handed what the secret has become where
        it had to be renewed for this, sealed as it was, before the provider is asked further: another try needs it.

        Raises: ProviderError, UnavailableError.
        """
        ...


@dataclass(frozen=True, slots=True)
class RequestToken:
    """Temporary credentials (RFC 5849, 2.1): the token is shown to the browser, its secret is not."""

    token: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Token credentials (RFC 5849, 2.3), and all that the answer had."""

    token: SecretStr
    secret: SecretStr
    answer: Mapping[str, str]


class ThreeLeggedOAuth(Protocol):
    """OAuth 1.0a with a redirect. Raises, both: ClientRefusedError, GrantRefusedError, ProviderError."""

    def begin(
        self, method: "OAuth1Method", client: "OAuthClient", variables: Mapping[str, str], *, callback: str
    ) -> RequestToken: ...
    def finish(
        self,
        method: "OAuth1Method",
        client: "OAuthClient",
        variables: Mapping[str, str],
        *,
        token: RequestToken,
        verifier: SecretStr,
    ) -> TokenPair: ...


class RoleAssumer(Protocol):
    """A merchant's AWS role."""

    def assume(self, role_arn: str, *, external_id: str) -> "Tokens":
        """Raises: GrantRefusedError, ProviderError."""
        ...


class Minting(Protocol):
    """Trades what is kept for a token that ends."""

    def mint(
        self,
        way: "AuthMethod",
        secret: "Secret",
        variables: Mapping[str, str],
        *,
        user_id: str,
        client: "OAuthClient | None" = None,
    ) -> "Tokens":
        """Raises: GrantRefusedError, ClientRefusedError, ProviderError, CredentialExpiredError (`app_changed`)."""
        ...


class TokenEndpoint(Protocol):
    """What is asked of a provider's OAuth server.

    Raises, all of them: GrantRefusedError, ClientRefusedError, ProviderError, ProviderTimeoutError.
    """

    def exchange(
        self,
        method: "OAuth2Method",
        client: "OAuthClient",
        variables: Mapping[str, str],
        *,
        code: SecretStr,
        code_verifier: SecretStr,
        redirect_uri: str,
    ) -> "Tokens":
        """RFC 6749, 4.1.3, with RFC 7636."""
        ...

    def refresh(
        self, method: "OAuth2Method", client: "OAuthClient", variables: Mapping[str, str], refresh_token: SecretStr
    ) -> "Tokens":
        """RFC 6749, 6."""
        ...

    def client_credentials(self, method: "ClientCredentialsMethod", values: Mapping[str, str]) -> "Tokens":
        """RFC 6749, 4.4, with the merchant's own client among the values."""
        ...

    def jwt_bearer(self, method: "JwtBearerMethod", values: Mapping[str, str]) -> "Tokens":
        """RFC 7523, 2.1."""
        ...

    def revoke(
        self,
        method: "OAuth2Method",
        client: "OAuthClient",
        variables: Mapping[str, str],
        *,
        token: SecretStr,
        token_type_hint: str,
    ) -> None:
        """RFC 7009. A token that is not known there is revoked already."""
        ...


class Probing(Protocol):
    """The one live call that an app's entry defines."""

    def ask(self, method: "AuthMethod", secret: "Secret", variables: Mapping[str, str]) -> "ProbeAnswer":
        """Raises: ProviderError, ProviderTimeoutError, CredentialExpiredError for a host that was not sealed."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """What is asked of an app; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    def with_headers(self, headers: Mapping[str, str]) -> "ProviderRequest":
        """These win over what was there."""
        lowered = {name.lower(): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **lowered})

    def with_url(self, url: str) -> "ProviderRequest":
        """The same, elsewhere."""
        return replace(self, url=url)


class ProviderApi(Protocol):
    """Requests to an app, the secret added on the way."""

    def send(
        self,
        way: "AuthMethod",
        secret: "Secret",
        variables: Mapping[str, str],
        request: ProviderRequest,
        *,
        total_seconds: float,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """`headers` are templates instead of the entry's.

        Raises: ProviderError, ProviderTimeoutError, AppMisconfiguredError, CredentialExpiredError (`app_changed`).
        """
        ...


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What the probe says: `verdict` None says nothing of the secret; `content` is the answer's JSON, if it is that."""

    verdict: bool | None
    status: int
    content: object = None


class Upstream(Protocol):
    """Asks the provider: a refresh at its token endpoint, or the app's live check."""

    def renew(self, credential: Credential, secret: "Secret", *, force: bool = False) -> "Outcome | Stale":
        """One call: a refresh where one is due, or forced; else the live check. Trouble is an outcome, not an error."""
        ...
