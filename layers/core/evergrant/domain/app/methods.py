"""The ways to authenticate with an app. Metadata of OAuth servers is spelled as in RFC 8414."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evergrant.domain.app.requests import (
    SIGNED,
    Assertion,
    Call,
    Exchange,
    Kept,
    Probe,
    Property,
    Request,
    Signature,
    TokenAnswer,
)
from evergrant.domain.app.vocabulary import (
    LISTED,
    Days,
    HeaderName,
    Line,
    Member,
    Model,
    Params,
    PropertyName,
    Seconds,
    Slug,
    Template,
    Url,
    host_in,
    names_in,
)

ClientAuthentication = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
DEAD_GRANT = "invalid_grant"
MERCHANTS_CLIENT_REFUSED = frozenset({"invalid_client", "unauthorized_client"})
"""Of a client that is the merchant's own: it was revoked, or its secret changed."""
NEVER_SENT = frozenset({"refreshToken", "clientSecret", "consumerSecret", "assertion"})
_AUTHORIZATION = frozenset(
    {"state", "client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "nonce"}
)
_TOKEN_REQUEST = frozenset({"code", "code_verifier", "redirect_uri", "refresh_token", "client_secret", "assertion"})
"""What the protocol itself sends: no entry says anything else."""
MINTED = frozenset({"accessToken"})
ASSERTED = frozenset({"accessToken", "assertion"})
TOKEN_VALUES = frozenset({"accessToken", "refreshToken", "tokenType", "clientId"})
"""Names of values that OAuth itself brings."""


class Way(Model):
    """What all ways to authenticate share."""

    id: Slug | None = None
    """Where an app has several ways of one kind."""
    label: Line | None = None
    """What a merchant who has the choice reads: `Private app token`."""
    properties: tuple[Property, ...] = ()
    request: Request = Request()
    probe: Probe | None = None
    revocation: Call | None = None
    """How the provider is told to end it, where that is not RFC 7009."""
    lifetime_days: Days | None = None
    """How long it lives in all, whatever is done: the provider's own policy."""

    @property
    def way(self) -> str:
        """Its name within the app."""
        return self.id or self.kind  # type: ignore[attr-defined,no-any-return]  # each way has its kind

    @property
    def mints(self) -> bool:
        """Whether a token that ends is made of what is kept, again and again."""
        return False

    @property
    def signs(self) -> bool:
        """Whether each request is signed: there are no headers that could be handed out."""
        return False

    def values(self) -> frozenset[str]:
        """The names of values that are not typed in but given by the provider, the owner's client, or computed."""
        return frozenset()

    def dead_words(self) -> frozenset[str]:
        """What the provider says when the merchant must connect again."""
        return frozenset()

    def shown(self) -> frozenset[str]:
        """The names of the values that a request needs: never a refresh token, a client's secret or a password."""
        return frozenset({"accessToken", "tokenType", *(each.name for each in self.brought() if each.secret)})

    def brought(self) -> tuple[Kept, ...]:
        """What the provider gives on the way."""
        return ()

    def endpoints(self) -> list[str]:
        """Further URLs that a secret may be sent to."""
        return []

    def pages(self) -> list[str]:
        """Every URL that a browser is sent to."""
        return []

    def parameters(self) -> list[str]:
        """Further templates."""
        return []

    def calls(self) -> list[Call]:
        """The calls of the provider's own making."""
        return [self.revocation] if self.revocation else []

    def urls(self) -> list[str]:
        """Every URL that a secret may be sent to."""
        own = [self.request.base_url, self.probe and self.probe.url, *(each.url for each in self.calls())]
        return list(dict.fromkeys(url for url in (*own, *self.endpoints()) if url))

    def client_urls(self) -> list[str]:
        """Those of them that the owner's client is shown to."""
        return list(
            dict.fromkeys([*self.endpoints(), *(each.url or self.request.base_url or "" for each in self.calls())])
        )

    def rules_of_hosts(self, urls: Sequence[str]) -> frozenset[str]:
        """Each host as the entry writes it, with what guards its values: what must not change behind a secret."""
        guards = self.guards()
        return frozenset(
            " ".join([host, *(guards.get(name) or "" for name in sorted(names_in(host)))])
            for host in map(host_in, urls)
        )

    def guards(self) -> dict[str, str | None]:
        """The pattern of each value that may stand in an address."""
        kept = {each.name: each.pattern for each in self.brought() if not each.secret}
        return {each.name: each.guard for each in self.properties if not each.secret} | kept

    def whole_host(self) -> bool:
        """Whether the merchant's own server is called, whose whole name is a value."""
        return False

    @model_validator(mode="after")
    def _values_are_apart(self) -> "Way":
        names = [each.name for each in self.properties] + [each.name for each in self.brought()]
        if len(set(names)) != len(names):
            raise ValueError("two values share a name")
        return self

    @model_validator(mode="after")
    def _templates_name_what_there_is(self) -> "Way":
        probe, request = self.probe, self.request
        self._requests_name_no_grant()
        paths = [probe and probe.path, *(each.path for each in self.calls())]
        if any(paths) and not request.base_url:
            raise ValueError("a path needs a base_url")
        named = names_in(
            *request.headers.values(),
            *request.all_params().values(),
            *((probe and probe.headers) or {}).values(),
            *(probe.params.values() if probe else ()),
            *(template for each in self.calls() for template in each.templates()),
            *paths,
            *self.parameters(),
            *self.urls(),
            *self.pages(),
        )
        if any("{basic}" in each for each in request.headers.values()):
            named |= names_in(*request.basic)
        known = {"basic", *self.values(), *(each.name for each in (*self.properties, *self.brought()))}
        if named - known:
            raise ValueError(f"a template names unknown values: {', '.join(sorted(named - known))}")
        return self

    def _requests_name_no_grant(self) -> None:
        """What renews or revokes is for the provider's own endpoints: no header, parameter or address names it."""
        probe, request = self.probe, self.request
        named = names_in(
            request.base_url,
            *request.headers.values(),
            *request.all_params().values(),
            *request.basic,
            *((probe and probe.headers) or {}).values(),
            *((probe and probe.params) or {}).values(),
        )
        if named & NEVER_SENT - {each.name for each in self.properties}:
            raise ValueError("a request never carries a refresh token, a client's secret or an assertion")
        secret = {each.name for each in self.properties if each.secret} | {"accessToken"}
        if names_in(request.base_url) & secret:
            raise ValueError("the base_url names no secret")

    @model_validator(mode="after")
    def _hosts_are_fixed(self) -> "Way":
        """A value in a host has a pattern, and stands before a fixed suffix or is one that the pattern lists."""
        guards = self.guards()
        for host in map(host_in, (*self.urls(), *self.pages())):
            names = names_in(host)
            if any(guards.get(name) is None for name in names):
                raise ValueError("a value in a host needs a pattern, and is no secret")
            listed = all(LISTED.fullmatch(guards[name] or "") for name in names)
            suffixed = re.search(r"\}[a-z0-9-]*(\.[a-z0-9-]+){2,}$", host)
            if names and not (suffixed or listed or self.whole_host()):
                raise ValueError("a host needs a fixed suffix, a pattern that lists hosts, or `host_is_merchants`")
        return self


class MerchantsWay(Way):
    """All that it needs is typed in; so the server may be the merchant's own."""

    host_is_merchants: bool = False

    def whole_host(self) -> bool:
        return self.host_is_merchants


class StaticMethod(MerchantsWay):
    """Values that are sent as they are, or that sign each request."""

    kind: Literal["api_key", "basic", "bearer", "custom"]
    signature: Signature | None = None

    @property
    def signs(self) -> bool:
        return self.signature is not None

    def values(self) -> frozenset[str]:
        return SIGNED if self.signature else frozenset()

    def shown(self) -> frozenset[str]:
        return frozenset(each.name for each in self.properties) - {self.signature.key if self.signature else ""}

    def parameters(self) -> list[str]:
        return self.signature.templates() if self.signature else []


class OAuth1Method(MerchantsWay):
    """OAuth 1.0a (RFC 5849): token-based, all typed in; or three-legged, where `authorization_endpoint` is stated."""

    kind: Literal["oauth1"]
    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1"] = "HMAC-SHA256"
    realm: Template | None = None
    temporary_credential_endpoint: Url | None = None
    authorization_endpoint: Url | None = None
    token_endpoint: Url | None = None
    authorization_parameters: Params = Field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    registration: tuple[Line, ...] = ()

    @property
    def is_redirect(self) -> bool:
        """Whether a merchant is sent to the provider."""
        return self.authorization_endpoint is not None

    @property
    def signs(self) -> bool:
        return True

    def shown(self) -> frozenset[str]:
        """None: what signs is never handed out."""
        return frozenset()

    def values(self) -> frozenset[str]:
        return frozenset({"consumerKey", "tokenId"}) if self.is_redirect else frozenset()

    def brought(self) -> tuple[Kept, ...]:
        return self.kept

    def parameters(self) -> list[str]:
        return [*([self.realm] if self.realm else []), *self.authorization_parameters.values()]

    def endpoints(self) -> list[str]:
        return [url for url in (self.temporary_credential_endpoint, self.token_endpoint) if url]

    def pages(self) -> list[str]:
        return [self.authorization_endpoint] if self.authorization_endpoint else []

    @model_validator(mode="after")
    def _has_three_legs_or_none(self) -> "OAuth1Method":
        legs = (self.temporary_credential_endpoint, self.authorization_endpoint, self.token_endpoint)
        if any(legs) and not all(legs):
            raise ValueError("three-legged OAuth 1.0a has all three endpoints")
        if self.is_redirect and self.host_is_merchants:
            raise ValueError("the owner's client is never shown to a merchant's own host")
        return self


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


class TwoStepMethod(MerchantsWay):
    """A key or password is traded for a token that ends."""

    kind: Literal["two_step"]
    exchange: Exchange
    kept: tuple[Kept, ...] = ()
    default_expires_in: Seconds | None = None

    @property
    def mints(self) -> bool:
        return True

    def dead_words(self) -> frozenset[str]:
        return self.exchange.dead_words()

    def values(self) -> frozenset[str]:
        return ASSERTED if self.exchange.assertion else MINTED

    def brought(self) -> tuple[Kept, ...]:
        return self.kept

    def calls(self) -> list[Call]:
        return [*super().calls(), self.exchange]


class AwsSigV4Method(Way):
    """AWS Signature Version 4: with access keys, or with a role of the merchant's that this deployment assumes."""

    kind: Literal["aws_sigv4"]
    service: Template
    region: Template
    assume_role: bool = False
    """The properties are then `roleArn`, and whatever templates need; `{externalId}` is the user's own id."""

    @property
    def mints(self) -> bool:
        return self.assume_role

    def dead_words(self) -> frozenset[str]:
        return frozenset({"AccessDenied"})

    @property
    def signs(self) -> bool:
        return True

    def values(self) -> frozenset[str]:
        return frozenset({"externalId"}) if self.assume_role else frozenset()

    def shown(self) -> frozenset[str]:
        return frozenset({"accessKeyId", "secretAccessKey", "sessionToken"})

    def parameters(self) -> list[str]:
        return [self.service, self.region]

    @model_validator(mode="after")
    def _has_its_values(self) -> "AwsSigV4Method":
        wanted = {"roleArn"} if self.assume_role else {"accessKeyId", "secretAccessKey"}
        missing = wanted - {each.name for each in self.properties}
        if missing:
            raise ValueError(f"these properties are missing: {', '.join(sorted(missing))}")
        return self


AuthMethod = Annotated[
    StaticMethod
    | OAuth1Method
    | OAuth2Method
    | ClientCredentialsMethod
    | JwtBearerMethod
    | TwoStepMethod
    | AwsSigV4Method,
    Field(discriminator="kind"),
]
