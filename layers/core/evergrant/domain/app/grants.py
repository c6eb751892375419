"""The grants of OAuth 2: a token endpoint is asked. Metadata of OAuth servers is spelled as in RFC 8414."""

from typing import Literal

from pydantic import Field, model_validator

from evergrant.domain.app.requests import Assertion, Call, Exchange, Kept, Probe, TokenAnswer
from evergrant.domain.app.vocabulary import (
    Days,
    HeaderName,
    Line,
    Member,
    Params,
    PropertyName,
    Seconds,
    Template,
    Url,
    names_in,
)
from evergrant.domain.app.way import MerchantsWay, Way

ClientAuthentication = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
DEAD_GRANT = "invalid_grant"
MERCHANTS_CLIENT_REFUSED = frozenset({"invalid_client", "unauthorized_client"})
"""Of a client that is the merchant's own: it was revoked, or its secret changed."""
_AUTHORIZATION = frozenset(
    {"state", "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "nonce"}
)
_TOKEN_REQUEST = frozenset({"code", "code_verifier", "redirect_uri", "refresh_token", "client_secret", "assertion"})
"""What the protocol itself sends: no entry says anything else."""
MINTED = frozenset({"accessToken"})
TOKEN_VALUES = frozenset({"accessToken", "refreshToken", "tokenType", "clientId"})
"""Names of values that OAuth itself brings."""


class TokenWay(Way):
    """What the grants of OAuth 2 share: how a token endpoint is asked, and what it answers."""

    token_endpoint_auth_method: ClientAuthentication = "client_secret_basic"  # noqa: S105  # its name
    token_request_method: Literal["POST", "GET"] = "POST"  # noqa: S105  # a method
    token_request_format: Literal["form", "json", "query"] = "form"  # noqa: S105  # a format
    token_request_names: dict[Member, str] = Field(default_factory=dict)
    """What the provider calls a member of a token request, such as `client_id = "client_key"`; empty: left out."""
    token_parameters: Params = Field(default_factory=dict)
    """Further members of a token request; templates."""
    token_headers: dict[HeaderName, Template] = Field(default_factory=dict)
    """Further headers of requests to the token and revocation endpoints."""
    token_answer: TokenAnswer = TokenAnswer()
    token_types: tuple[Line, ...] = ("bearer",)
    """The `token_type`s that are used as bearer tokens, in lower case (RFC 6749, 7.1)."""
    scopes: tuple[Line, ...] = ()
    scope_separator: Literal[" ", ",", "+", ";"] = " "
    kept: tuple[Kept, ...] = ()
    default_expires_in: Seconds | None = None
    """The access token's life in seconds, where the answer does not say."""
    dead_grant_errors: tuple[Line, ...] = ()
    """The provider's own words for a dead grant, besides `invalid_grant`."""

    def values(self) -> frozenset[str]:
        return MINTED

    def dead_words(self) -> frozenset[str]:
        return frozenset({DEAD_GRANT, *self.dead_grant_errors})

    @model_validator(mode="after")
    def _the_grant_is_the_protocols(self) -> "TokenWay":
        if _TOKEN_REQUEST & self.token_parameters.keys():
            raise ValueError("a token parameter that the protocol itself sends")
        return self

    def brought(self) -> tuple[Kept, ...]:
        return self.kept

    def parameters(self) -> list[str]:
        return [*self.token_parameters.values(), *self.token_headers.values()]


class OAuth2Method(TokenWay):
    """The authorization code grant, with the owner's client."""

    kind: Literal["oauth2"]
    authorization_endpoint: Url
    token_endpoint: Url
    refresh_endpoint: Url | None = None
    """Where refreshing is asked for elsewhere than at the token endpoint."""
    refresh_auth_method: ClientAuthentication | None = None
    """How the client proves itself when refreshing, where that is not `token_endpoint_auth_method`."""
    revocation_endpoint: Url | None = None
    revocation_request_method: Literal["POST", "DELETE"] = "POST"
    introspection_endpoint: Url | None = None
    issuer: Url | None = None
    authorization_response_iss_parameter_supported: bool = False
    code_challenge_methods_supported: tuple[Literal["S256"], ...] = ("S256",)
    token_endpoint_auth_signing_alg: Literal["RS256", "PS256", "ES256"] = "RS256"  # noqa: S105  # its name
    authorization_parameters: Params = Field(default_factory=dict)
    authorization_request_names: dict[Member, str] = Field(default_factory=dict)
    """What the provider calls a parameter of the authorization request; empty: left out."""
    redirect_uri_name: Template | None = None
    """What is sent as `redirect_uri` where the provider gives the registered address a name; a template."""
    code_parameter: Member = "code"
    """The redirect's parameter that holds the code."""
    refresh_parameters: Params = Field(default_factory=dict)
    """Further members of a refresh request, instead of `token_parameters`, where they are stated."""
    client_extra: tuple[PropertyName, ...] = ()
    """Further values of the owner's client (`extra` of `PUT /apps/{app}/client`) that templates use."""
    exchange: Exchange | None = None
    """The token of the code is traded once more: for a long-lived one, or an installation's."""
    confirmation: Probe | None = None
    """Asked before that, with the merchant's token: it is alive where what the redirect named is the merchant's own."""
    refresh: Literal["rotate_strict", "rotate_overlap", "keep", "none"] = "keep"
    refresh_overlap_seconds: Seconds | None = None
    """How long a used refresh token still works."""
    refresh_token_lifetime_days: Days | None = None
    """How long an unused refresh token lives."""
    revocation_scope: Literal["token", "grant"] = "grant"
    registration: tuple[Line, ...] = ()
    """How the owner registers a client there, in three lines; the third says what review the provider asks for."""

    @model_validator(mode="after")
    def _reserved_names_are_free(self) -> "OAuth2Method":
        names = {*(each.name for each in (*self.properties, *self.kept)), *self.client_extra}
        if len(names) != len(self.properties) + len(self.kept) + len(self.client_extra) or TOKEN_VALUES & names:
            raise ValueError("two values share a name")
        if _AUTHORIZATION & self.authorization_parameters.keys():
            raise ValueError("an authorization parameter that the protocol itself sends")
        if {"state", "code_challenge", "code_challenge_method"} & self.authorization_request_names.keys():
            raise ValueError("the state and the code challenge keep their names")
        return self

    @property
    def mints(self) -> bool:
        return self.exchange is not None and self.exchange.repeatable

    def dead_words(self) -> frozenset[str]:
        return super().dead_words() | (self.exchange.dead_words() if self.exchange else frozenset[str]())

    def values(self) -> frozenset[str]:
        exchanged = {"refreshToken", "clientSecret", "assertion"} if self.exchange else set[str]()
        revoked = {"refreshToken", "clientSecret"} if self.revocation else set[str]()
        return frozenset({"accessToken", "clientId", *self.client_extra, *exchanged, *revoked})

    def calls(self) -> list[Call]:
        return [*super().calls(), *([self.exchange] if self.exchange else [])]

    def pages(self) -> list[str]:
        return [self.authorization_endpoint]

    def rules_for_client(self) -> frozenset[str]:
        shown = names_in(*self.told_to_browsers()) & set(self.client_extra)
        return super().rules_for_client() | {f"shown to browsers: {name}" for name in shown}

    def told_to_browsers(self) -> list[str]:
        return [*self.pages(), *self.authorization_parameters.values(), self.redirect_uri_name or ""]

    def parameters(self) -> list[str]:
        further = [*self.authorization_parameters.values(), *self.refresh_parameters.values()]
        further += [self.redirect_uri_name] if self.redirect_uri_name else []
        asked = (
            [*(self.confirmation.headers or {}).values(), *self.confirmation.params.values()]
            if self.confirmation
            else []
        )
        path = [self.confirmation.path] if self.confirmation and self.confirmation.path else []
        return [*super().parameters(), *further, *asked, *path]

    def endpoints(self) -> list[str]:
        further = (self.refresh_endpoint, self.revocation_endpoint, self.introspection_endpoint)
        asked = self.confirmation and self.confirmation.url
        return [self.token_endpoint, *(url for url in (*further, asked) if url)]


class ClientCredentialsMethod(TokenWay, MerchantsWay):
    """RFC 6749, 4.4, with the merchant's own client: the properties `clientId` and `clientSecret`."""

    kind: Literal["client_credentials"]
    token_endpoint: Url
    grant_type: Line = "client_credentials"

    @property
    def mints(self) -> bool:
        return True

    def dead_words(self) -> frozenset[str]:
        return super().dead_words() | MERCHANTS_CLIENT_REFUSED

    def endpoints(self) -> list[str]:
        return [self.token_endpoint]

    @model_validator(mode="after")
    def _has_a_client(self) -> "ClientCredentialsMethod":
        wanted = {"clientId", "clientSecret"} if self.token_endpoint_auth_method != "none" else {"clientId"}  # noqa: S105
        missing = wanted - {each.name for each in self.properties}
        if missing:
            raise ValueError(f"these properties are missing: {', '.join(sorted(missing))}")
        return self


class JwtBearerMethod(TokenWay, MerchantsWay):
    """RFC 7523, 2.1: a signed assertion for a token; without a token endpoint the assertion itself is the token."""

    kind: Literal["jwt_bearer"]
    token_endpoint: Url | None = None
    grant_type: Line = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    token_endpoint_auth_method: ClientAuthentication = "none"  # noqa: S105  # its name
    assertion: Assertion

    @property
    def mints(self) -> bool:
        return True

    def dead_words(self) -> frozenset[str]:
        return super().dead_words() | MERCHANTS_CLIENT_REFUSED

    def parameters(self) -> list[str]:
        return [*super().parameters(), *self.assertion.templates()]

    def endpoints(self) -> list[str]:
        return [self.token_endpoint] if self.token_endpoint else []

    @model_validator(mode="after")
    def _has_its_key(self) -> "JwtBearerMethod":
        if self.assertion.key not in {each.name for each in self.properties}:
            raise ValueError("the assertion's key is one of the properties")
        return self
