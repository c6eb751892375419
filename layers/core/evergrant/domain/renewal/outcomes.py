"""What a provider said, as data. Only `Dead`, or a known end that has come, makes a credential `expired`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evergrant.domain.secret import Secret
from evergrant.domain.tokens import CLIENT_ERRORS

REJECTED = frozenset({"rejected_by_provider", "refresh_token_rejected"})
"""Why a credential is dead, where the provider said so."""
OURS = frozenset({"app_misconfigured", "app_changed", "client_missing", *CLIENT_ERRORS})
"""What is the owner's to mend: no credential dies for it."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """The provider gave a new secret: the next generation."""

    secret: Secret
    token_expires_at: datetime | None
    scopes: tuple[str, ...] | None = None
    grant_expires_at: datetime | None = None
    """Only where the provider said a new end; else the row's own stays."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Plain values that the provider gave with it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The provider took the secret as it is."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The access token is dead, the grant perhaps not: a refresh will say."""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """The app has no way to ask."""


@dataclass(frozen=True, slots=True)
class Transient:
    """Time-outs, 5xx, 429, nonsense: the provider's bad day."""

    code: str
    message: str
    retry_after: timedelta | None = None
    unknown: bool = False
    """Whether a refresh token may have been spent: there was no whole answer."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The provider's certain word that the merchant must connect again."""

    reason: str
    provider_error: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The provider's word that it is dead, which is not believed yet: it is asked again."""

    reason: str
    provider_error: str | None


@dataclass(frozen=True, slots=True)
class Ours:
    """`invalid_client`, `unauthorized_client`: the owner's client is wrong, and no credential dies for it."""

    code: str
    message: str
    client_since: datetime | None = None
    """When the client was set that the provider refuses: with the next one it is news again."""


Outcome = Renewed | Verified | Unchecked | Transient | Dead | Held | Ours
