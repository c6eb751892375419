"""An app of the catalogue: what is known of how it authenticates, as data with a closed vocabulary.

Metadata of OAuth servers is spelled as in RFC 8414. The catalogue's TOML files and a workspace's own apps
(`PUT /apps/{app}`) are read by these same models. `catalogue/README.md` explains each field.
"""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,63}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Template = Annotated[str, StringConstraints(max_length=500)]
PLACEHOLDER = re.compile(r"\{([a-z][A-Za-z0-9]*)\}")
TOKEN_VALUES = frozenset({"accessToken", "refreshToken", "tokenType", "clientId"})
"""Names of values that OAuth itself brings."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_LIST = re.compile(r"\^(?:[a-z0-9()|-]|\\\.)+\$")
"""A pattern that lists what it takes: no class, no repeat, nothing open."""


def _url(text: str, info: ValidationInfo) -> str:
    """https, or http on loopback where the reader of the entry allows it (`context={"loopback": True}`)."""
    url = urlsplit(PLACEHOLDER.sub("x", text))
    context: dict[str, object] = info.context or {}
    local = url.scheme == "http" and url.hostname in _LOOPBACK and context.get("loopback") is True
    if not url.hostname or url.username or url.fragment or "\\" in text or not (url.scheme == "https" or local):
        raise ValueError("must be an https URL without user info or fragment")
    return text


def _pattern(text: str) -> str:
    """Anchored, and without what could make it backtrack: nested or adjacent unbounded repeats, back references."""
    if not (text.startswith("^") and text.endswith("$")):
        raise ValueError("must be anchored with ^ and $")
    if re.search(r"[*+}]\)?[*+{]|\\[1-9]|\(\?[=!<]", text):
        raise ValueError("must match in linear time: no nested repeats, back references or look-around")
    re.compile(text)
    return text


Url = Annotated[str, StringConstraints(max_length=500), AfterValidator(_url)]
Pattern = Annotated[str, StringConstraints(max_length=200), AfterValidator(_pattern)]


ClientAuthentication = Literal["client_secret_basic", "client_secret_post", "none"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Property(_Model):
    """One value that a merchant gives."""

    name: PropertyName
    label: Line
    help: Annotated[str, StringConstraints(max_length=1000)] = ""
    placeholder: Annotated[str, StringConstraints(max_length=200)] = ""
    pattern: Pattern | None = None
    required: bool = True
    secret: bool = True
    multiline: bool = False
    """For private keys in PEM: line breaks are kept; such a value is never put into a header."""
    default: Annotated[str, StringConstraints(max_length=200)] | None = None


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]
Headers = dict[HeaderName, Template]


class Request(_Model):
    """How requests carry the secret: templates over the values, such as `Bearer {apiKey}`."""

    base_url: Url | None = None
    headers: Headers = Field(default_factory=dict)
    params: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")], Template] = Field(
        default_factory=dict
    )
    basic: tuple[Template, Template] = ("{username}", "{password}")
    """User and password of `{basic}`, such as `["{email}/token", "{apiToken}"]`."""


class Probe(_Model):
    """A cheap live call that proves the secret, and says whose account it is."""

    method: Literal["GET", "POST"] = "GET"
    path: Annotated[str, StringConstraints(pattern=r"^/[^\s\\#]*$", max_length=300)] | None = None
    """After the base URL."""
    url: Url | None = None
    """Instead of `path`, where the call goes to another host than the API's."""
    body: Annotated[str, StringConstraints(max_length=1000)] | None = None
    """JSON, for POST."""
    headers: Headers | None = None
    """Instead of the request's, where those name values that this very call brings."""
    alive: tuple[int, ...] = (200,)
    dead: tuple[int, ...] = (401,)
    error: Annotated[str, StringConstraints(max_length=100)] | None = None
    """A dotted path into the answer of an `alive` status: a text that is there says that the call failed after all."""
    dead_errors: tuple[Line, ...] = ()
    """The texts at `error` that mean a dead secret; any other says nothing of the secret."""
    account_id: Annotated[str, StringConstraints(max_length=100)] | None = None
    """A dotted path into the JSON answer."""
    account_name: Annotated[str, StringConstraints(max_length=100)] | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Probe":
        if (self.path is None) == (self.url is None):
            raise ValueError("a probe has either a path or a url")
        return self


class Kept(_Model):
    """A value that the provider gives on the way, such as `realmId` or the account's own host."""

    name: PropertyName
    source: Literal["redirect", "token", "probe"]
    """The redirect's query, the token answer, or the probe's answer."""
    path: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    """The query parameter, or a dotted path into the JSON answer."""
    pattern: Pattern
    """What it must look like in full; with a group, the group is what is kept."""
    required: bool = True


class _Method(_Model):
    """What all ways to authenticate share."""

    properties: tuple[Property, ...] = ()
    request: Request = Request()
    probe: Probe | None = None

    @model_validator(mode="after")
    def _names_are_known(self) -> "_Method":
        names = [each.name for each in self.properties]
        if len(set(names)) != len(names):
            raise ValueError("two properties share a name")
        if self.probe and self.probe.path and not self.request.base_url:
            raise ValueError("a probe's path needs a base_url")
        known = {*names, *self.derived()}
        templates = [
            *self.request.headers.values(),
            *self.request.params.values(),
            *((self.probe and self.probe.headers) or {}).values(),
            (self.probe and self.probe.path) or "",
            *self.parameters(),
            *self.urls(),
            *self.pages(),
        ]
        for template in templates:
            unknown = set(PLACEHOLDER.findall(template)) - known
            if unknown:
                raise ValueError(f"a template names unknown values: {', '.join(sorted(unknown))}")
        self._hosts_are_fixed()
        return self

    def _hosts_are_fixed(self) -> None:
        """A value in a host has a pattern, and stands before a fixed suffix or is one that the pattern lists."""
        patterns = self.patterns()
        for url in (*self.urls(), *self.pages()):
            host = url.split("://", 1)[-1].split("/", 1)[0]
            names = PLACEHOLDER.findall(host)
            if any(patterns.get(name) is None for name in names):
                raise ValueError("a value in a host needs a pattern")
            listed = all(_LIST.fullmatch(patterns.get(name) or "") for name in names)
            suffixed = re.search(r"\}\.[a-z0-9-]+(\.[a-z0-9-]+)+$", host)
            if names and not (suffixed or listed or self.whole_host()):
                raise ValueError("a host needs a fixed suffix, a pattern that lists hosts, or `host_is_merchants`")

    def patterns(self) -> dict[str, str | None]:
        """What guards each value that may stand in a host."""
        return {each.name: each.pattern for each in self.properties}

    def whole_host(self) -> bool:
        """Whether the merchant's own server is called, whose whole name is a value."""
        return False

    def derived(self) -> set[str]:
        """Names of values that are not typed in but come from the provider or are computed."""
        return {"basic"}

    def pages(self) -> list[str]:
        """Every URL that a browser is sent to."""
        return []

    def parameters(self) -> list[str]:
        """Further templates."""
        return []

    def urls(self) -> list[str]:
        """Every URL that a secret may be sent to."""
        return [url for url in (self.request.base_url, self.probe and self.probe.url) if url]


class StaticMethod(_Method):
    """Values that are sent as they are."""

    kind: Literal["api_key", "basic", "bearer", "custom"]
    host_is_merchants: bool = False

    def whole_host(self) -> bool:
        return self.host_is_merchants


class OAuth1Method(_Method):
    """Token-based OAuth 1.0a (RFC 5849): each request is signed."""

    kind: Literal["oauth1"]
    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1"] = "HMAC-SHA256"
    realm: Template | None = None

    def parameters(self) -> list[str]:
        return [self.realm or ""]


class OAuth2Method(_Method):
    """The authorization code grant, with the server's metadata spelled as in RFC 8414."""

    kind: Literal["oauth2"]
    authorization_endpoint: Url
    token_endpoint: Url
    revocation_endpoint: Url | None = None
    issuer: Url | None = None
    authorization_response_iss_parameter_supported: bool = False
    code_challenge_methods_supported: tuple[Literal["S256"], ...] = ("S256",)
    token_endpoint_auth_method: ClientAuthentication = "client_secret_basic"  # noqa: S105  # its name
    token_request_format: Literal["form", "json"] = "form"  # noqa: S105  # a format
    scopes: tuple[Line, ...] = ()
    scope_separator: Literal[" ", ",", "+"] = " "
    authorization_parameters: dict[str, Template] = Field(default_factory=dict)
    code_parameter: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] = "code"
    """The redirect's parameter that holds the code."""
    access_token_path: Line = "access_token"  # noqa: S105  # a path
    """A dotted path, where the answer nests it."""
    token_parameters: dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")], Line] = Field(
        default_factory=dict
    )
    """Further fixed members of a token request."""
    token_headers: dict[HeaderName, Line] = Field(default_factory=dict)
    """Further fixed headers of requests to the token and revocation endpoints."""
    token_types: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")], ...] = ("bearer",)
    """The `token_type`s that are used as bearer tokens, in lower case (RFC 6749, 7.1)."""
    client_extra: tuple[PropertyName, ...] = ()
    """Further values of the owner's client (`extra` of `PUT /apps/{app}/client`) that templates use."""
    kept: tuple[Kept, ...] = ()
    default_expires_in: Annotated[int, Field(ge=60)] | None = None
    """The access token's life in seconds, where the answer does not say."""
    refresh: Literal["rotate_strict", "rotate_overlap", "keep", "none"] = "keep"
    refresh_token_lifetime_days: int | None = None
    """How long an unused refresh token lives."""
    revocation_scope: Literal["token", "grant"] = "grant"
    dead_grant_errors: tuple[Line, ...] = ()
    """The provider's own words for a dead grant, besides `invalid_grant`."""
    registration: tuple[Line, ...] = ()
    """How the owner registers a client there, in three lines."""

    @model_validator(mode="after")
    def _values_are_apart(self) -> "OAuth2Method":
        names = [each.name for each in (*self.properties, *self.kept)] + [*self.client_extra]
        if len(set(names)) != len(names) or TOKEN_VALUES & set(names):
            raise ValueError("two values share a name")
        return self

    def derived(self) -> set[str]:
        return {"accessToken", "basic", "clientId", *self.client_extra, *(each.name for each in self.kept)}

    def patterns(self) -> dict[str, str | None]:
        return super().patterns() | {each.name: each.pattern for each in self.kept}

    def pages(self) -> list[str]:
        return [self.authorization_endpoint]

    def parameters(self) -> list[str]:
        return [*self.authorization_parameters.values()]

    def urls(self) -> list[str]:
        endpoints = [self.token_endpoint, self.revocation_endpoint]
        return [*(url for url in endpoints if url), *super().urls()]


AuthMethod = Annotated[StaticMethod | OAuth1Method | OAuth2Method, Field(discriminator="kind")]


class App(_Model):
    """One app: something to connect to."""

    slug: Slug
    name: Line
    aliases: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = ()
    categories: tuple[Slug, ...] = ()
    docs_url: Url
    methods: Annotated[tuple[AuthMethod, ...], Field(min_length=1)]

    @property
    def is_oauth(self) -> bool:
        """Whether its first way is a redirect."""
        return self.methods[0].kind == "oauth2"

    def oauth2(self) -> OAuth2Method | None:
        """Its redirect, if it has one."""
        return next((each for each in self.methods if isinstance(each, OAuth2Method)), None)

    def method(self, kind: str) -> "StaticMethod | OAuth1Method | OAuth2Method":
        """The way of that kind; the first when the entry has changed under the credential."""
        return next((each for each in self.methods if each.kind == kind), self.methods[0])
