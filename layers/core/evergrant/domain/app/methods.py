"""The ways that are no grant of OAuth 2, and all ways in one."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evergrant.domain.app.grants import MINTED, ClientCredentialsMethod, JwtBearerMethod, OAuth2Method
from evergrant.domain.app.requests import SIGNED, Call, Exchange, Kept, Signature
from evergrant.domain.app.vocabulary import Line, Params, Seconds, Template, Url
from evergrant.domain.app.way import MerchantsWay, Way

ASSERTED = frozenset({"accessToken", "assertion"})


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

    def told_to_browsers(self) -> list[str]:
        return [*self.pages(), *self.authorization_parameters.values()]

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
