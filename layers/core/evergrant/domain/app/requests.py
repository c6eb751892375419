"""How an app is asked: what is typed in, how requests carry it, what proves it, and what answers bring."""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from evergrant.domain.app.vocabulary import (
    Headers,
    Line,
    Member,
    Model,
    Params,
    Path,
    Pattern,
    PlainPath,
    PropertyName,
    Seconds,
    Status,
    Template,
    Text,
    Url,
    UrlPath,
    plain,
)


class Property(Model):
    """One value that a merchant gives."""

    name: PropertyName
    label: Line
    help: Text = ""
    placeholder: Annotated[str, StringConstraints(max_length=200)] = ""
    pattern: Pattern | None = None
    choices: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,80}$")], ...] = ()
    """Instead of a pattern: all that it may be."""
    required: bool = True
    secret: bool = True
    multiline: bool = False
    """For private keys in PEM: line breaks are kept; such a value is never put into a header."""
    default: Annotated[str, StringConstraints(max_length=200)] | None = None

    @property
    def guard(self) -> str | None:
        """The pattern, as it is stated or as the choices make it."""
        listed = "|".join(each.replace(".", r"\.") for each in self.choices)
        return f"^({listed})$" if listed else self.pattern

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Property":
        if self.choices and self.pattern:
            raise ValueError("a property has choices or a pattern")
        if self.default is not None and self.guard and not re.fullmatch(self.guard, self.default):
            raise ValueError("the default does not match the pattern")
        return self


class Parameters(Model):
    """What stands in a query; templates."""

    params: Params = Field(default_factory=dict)
    optional_params: Params = Field(default_factory=dict)
    """Those that are left out where a value they name is not there, such as the team of a token that has one."""

    def all_params(self) -> dict[str, str]:
        """Both."""
        return {**self.params, **self.optional_params}


class Request(Parameters):
    """How requests carry the secret: templates over the values, such as `Bearer {apiKey}`."""

    base_url: Url | None = None
    headers: Headers = Field(default_factory=dict)
    basic: tuple[Template, Template] = ("{username}", "{password}")
    """User and password of `{basic}`, such as `["{email}/token", "{apiToken}"]`."""


class Call(Parameters):
    """One call of the provider's own making, beside what a standard says."""

    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    path: UrlPath | None = None
    """After the base URL."""
    url: Url | None = None
    """Instead of `path`, where the call goes to another host than the API's."""
    headers: Headers = Field(default_factory=dict)
    basic: tuple[Template, Template] | None = None
    """User and password of `{basic}`, instead of the request's."""
    body: Params = Field(default_factory=dict)
    body_format: Literal["form", "json"] = "json"

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Call":
        if (self.path is None) == (self.url is None):
            raise ValueError("a call has either a path or a url")
        return self

    def templates(self) -> list[str]:
        """All but the address."""
        return [*self.headers.values(), *(self.basic or ()), *self.all_params().values(), *self.body.values()]


class Probe(Model):
    """A cheap live call that proves the secret, and says whose account it is."""

    method: Literal["GET", "POST"] = "GET"
    path: UrlPath | None = None
    """After the base URL."""
    url: Url | None = None
    """Instead of `path`, where the call goes to another host than the API's."""
    body: Text | None = None
    """JSON, for POST."""
    headers: Headers | None = None
    """Instead of the request's, where those name values that this very call brings."""
    params: Params = Field(default_factory=dict)
    """Besides the request's."""
    alive: tuple[Status, ...] = (200,)
    dead: tuple[Status, ...] = (401,)
    error: Path | None = None
    """A dotted path into the answer of an `alive` status: a text that is there says that the call failed after all."""
    dead_errors: tuple[Line, ...] = ()
    """The texts at `error` that mean a dead secret; any other says nothing of the secret."""
    account_id: PlainPath | None = None
    account_name: PlainPath | None = None
    every_hours: Annotated[int, Field(ge=1, le=720)] | None = None
    """How often it is asked where nothing else renews; else as the deployment says."""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Probe":
        if (self.path is None) == (self.url is None):
            raise ValueError("a probe has either a path or a url")
        if set(self.alive) & set(self.dead):
            raise ValueError("a status is alive or dead")
        if self.dead_errors and self.error is None:
            raise ValueError("dead_errors need the path of the error")
        return self


class Kept(Model):
    """A value that the provider gives on the way, such as `realmId`, a second token or the account's own host."""

    name: PropertyName
    source: Literal["redirect", "token", "probe"]
    """The redirect's query, the token answer, or the probe's answer."""
    path: Path
    """The query parameter, or a dotted path into the JSON answer."""
    pattern: Pattern
    """What it must look like in full; with a group, the group is what is kept."""
    required: bool = True
    secret: bool = False
    """Sealed, and handed out with the fresh token: a user's token beside a bot's."""
    example: Annotated[str, StringConstraints(max_length=200)] = ""
    """As the provider gives it; the tests play it back."""

    @model_validator(mode="after")
    def _is_plain_or_sealed(self) -> "Kept":
        if not self.secret:
            plain(self.path)
        return self


class TokenAnswer(Model):
    """Where a token answer has what RFC 6749 (5.1) calls by these names; dotted paths."""

    format: Literal["json", "form", "text"] = "json"
    """`text`: the whole body is the token."""
    access_token: Path = "access_token"  # noqa: S105  # a path
    refresh_token: Path = "refresh_token"  # noqa: S105  # a path
    expires_in: Path = "expires_in"
    expires_in_unit: Literal["seconds", "milliseconds", "minutes"] = "seconds"
    expires_at: Path = "expires_at"
    """An epoch in seconds or milliseconds, or ISO 8601."""
    refresh_token_expires_in: Path | None = None
    """Besides `refresh_token_expires_in`, `refresh_expires_in` and `x_refresh_token_expires_in`, which are known."""
    scope: PlainPath = "scope"
    error: PlainPath = "error"


class Assertion(Model):
    """A JWT (RFC 7519) that proves who asks; `iat` and `exp` are added."""

    algorithm: Literal["RS256", "PS256", "ES256", "HS256"] = "RS256"
    key: PropertyName
    """The value that holds the key: PEM, or a shared secret for HS256."""
    key_encoding: Literal["text", "hex", "base64"] = "text"
    key_id: Template | None = None
    """`kid`."""
    claims: dict[Member, Template] = Field(default_factory=dict)
    lifetime_seconds: Seconds = 300
    jwt_id: bool = False
    """Whether a random `jti` is added."""
    backdated_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    """How far `iat` lies back, where the provider's clock may be late."""

    def templates(self) -> list[str]:
        """All of them."""
        return [*([self.key_id] if self.key_id else []), *self.claims.values()]


class Exchange(Call):
    """A call that trades what is there for a token that ends; `{assertion}` is the JWT, where there is one."""

    answer: TokenAnswer = TokenAnswer()
    assertion: Assertion | None = None
    repeatable: bool = True
    """Whether what was traded can be traded again, for the next token."""
    dead: tuple[Status, ...] = (401,)
    """The statuses that say: what is traded is dead."""
    dead_errors: tuple[Line, ...] = ()
    """The texts at the answer's `error` that say it, whatever the status."""

    def dead_words(self) -> frozenset[str]:
        """As `Way.dead_words`."""
        return frozenset({*self.dead_errors, *(f"http_{status}" for status in self.dead)})

    def templates(self) -> list[str]:
        return [*super().templates(), *(self.assertion.templates() if self.assertion else ())]


class Signature(Model):
    """Each request is signed; templates may name what `SIGNED` lists besides the values."""

    algorithm: Literal["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "Ed25519"] = "HMAC-SHA256"
    key: PropertyName
    key_encoding: Literal["text", "hex", "base64"] = "text"
    content: Template
    encoding: Literal["hex", "base64"] = "hex"
    timestamp: Literal["seconds", "milliseconds", "iso8601", "http_date"] = "seconds"
    headers: Headers = Field(default_factory=dict)
    params: Params = Field(default_factory=dict)

    def templates(self) -> list[str]:
        """All of them."""
        return [self.content, *self.headers.values(), *self.params.values()]


SIGNED = frozenset(
    {"method", "host", "path", "query", "target", "body", "bodySha256", "timestamp", "nonce", "signature"}
)
"""What a signature's templates may name of the request; `target` is path and query, `bodySha256` is in hex."""


class RateLimit(Model):
    """What the provider's documentation says it takes."""

    requests: Annotated[int, Field(ge=1)]
    seconds: Seconds
    per: Literal["account", "client", "token", "user", "ip"] = "account"


def renamed(members: dict[str, str], names: dict[Member, str]) -> dict[str, str]:
    """The members under the provider's own names; an empty name leaves one out."""
    return {names.get(name, name): value for name, value in members.items() if names.get(name, name)}
