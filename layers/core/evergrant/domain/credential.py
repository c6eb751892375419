"""One user's authentication with one app, and the rules of its life.

`generation` changes only when the secret does; `version` counts every change of the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.due import day_of, spread_before
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.domain.sealing import SealContext
from evergrant.domain.times import iso, iso_or_none

Status = Literal["active", "degraded", "expired"]
MARGIN = timedelta(minutes=10)
"""An access token is renewed this long before its end, or a fifth of its life, whichever is less."""
LONGEST_SPREAD = timedelta(hours=1)
"""So long before that, or a sixth of its life: what ends in the same second is spread over it."""
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """The last time that a renewal or check went wrong."""

    at: datetime
    code: str
    message: str
    transient: bool


@dataclass(frozen=True, slots=True)
class Credential:
    """The whole row. The secret is in `sealed`, and nowhere else."""

    workspace_id: WorkspaceId
    user_id: UserId
    credential_id: CredentialId
    app: str
    kind: str
    name: str
    created_at: datetime
    updated_at: datetime
    sealed: bytes = b""
    way: str = ""
    """Which of the app's ways; empty: the one of its kind."""
    status: Status = "active"
    generation: int = 1
    version: int = 1
    tags: tuple[str, ...] = ()
    user_email: str | None = None
    """Denormalised for the notification; the user's row has the truth."""
    user_tags: tuple[str, ...] = ()
    """Of a user who is gone, the last: some endpoints hear of some users alone."""
    expires_at: datetime | None = None
    """The grant's or the key's own known end."""
    token_expires_at: datetime | None = None
    """The access token's end."""
    token_issued_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    account_id: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Plain properties that are no secrets: the shop, the sub-domain, the region."""
    last_verified_at: datetime | None = None
    last_renewed_at: datetime | None = None
    last_failure: Failure | None = None
    last_read_day: int | None = None
    """When its secret was last handed out, in days since the epoch."""
    forecast_said: int | None = None
    """Days before its end: this forecast and all longer ones were sent, or were past when the end became known."""
    failures: int = 0
    due_at: datetime | None = None
    lease_until: datetime | None = None
    awaits: bool = False
    """Nobody holds the lease: until its end, what an earlier holder may still bring is waited for."""
    fence: int = 0
    grant: int = 1
    """Counts what its owner gave anew: a reconnect, other data. What was got with an older one is not kept."""
    spare: bytes | None = None
    """A further secret of the same grant, from a worker that came too late; sealed apart."""
    transitions: int = 0
    """Counts the changes of status that were told."""
    renewable: bool = False
    """Whether there is a refresh token, or what a token can be made of."""
    deleting: bool = False
    """Unreadable from the first moment of its deletion."""
    deletion_told: bool = False
    """Whether `credential.deleted` was said, as queued."""

    @property
    def way_used(self) -> str:
        """Which of its app's ways it authenticates by."""
        return self.way or self.kind

    def seal_context(self) -> SealContext:
        """What the secret of this row, in this generation, is bound to."""
        return SealContext(self.workspace_id, self.user_id, self.credential_id, self.app, self.generation)

    def spare_context(self) -> SealContext:
        """What the spare is bound to: its grant, and that it is a spare."""
        return SealContext(self.workspace_id, self.user_id, self.credential_id, self.app, self.grant, field="spare")

    def regranted(self, **fields: object) -> "Credential":
        """With a secret that its owner gave: the next generation of the next grant; no lease and no spare crosses."""
        grant = {"generation": self.generation + 1, "grant": self.grant + 1, "spare": None}
        return replace(self, **{**grant, "lease_until": None, "awaits": False, **fields})  # type: ignore[arg-type]  # checked by the slots

    def is_elsewhere(self, variables: Mapping[str, str]) -> bool:
        """Whether a plain value that is known of both is another: the shop, the sub-domain, the provider's own id."""
        same = {name: value for name, value in self.variables.items() if name in variables}
        return any(_plainly(value) != _plainly(variables[name]) for name, value in same.items())

    def is_over(self, *, at: datetime) -> bool:
        """Whether the key or grant has reached its known end."""
        return self.expires_at is not None and self.expires_at <= at

    def renewal_starts(self) -> datetime | None:
        """When the access token should be renewed: the margin before its end, and the jitter before that."""
        if self.token_expires_at is None:
            return None
        life = self._token_life(self.token_expires_at)
        starts = self.token_expires_at - min(MARGIN, life / 5)
        return spread_before(starts, self.credential_id, spread=min(life / 6, LONGEST_SPREAD))

    def in_use(self, *, at: datetime) -> bool:
        """Whether it was made, or its secret handed out, in the last day."""
        read = self.last_read_day is not None and self.last_read_day >= day_of(at) - 1
        return read or at - self.created_at < A_DAY

    def is_fresh(self, *, at: datetime, min_validity: timedelta | None = None) -> bool:
        """Whether the secret can be handed out as it is: outside the margin, or valid for `min_validity` at least.

        Of that, nine tenths of the token's life count: for who asks for more, each read would renew it, and none would
        last long enough.
        """
        if self.token_expires_at is None:
            return True
        if min_validity is not None:
            return self.token_expires_at - at >= min(min_validity, self._token_life(self.token_expires_at) * 0.9)
        starts = self.renewal_starts()
        return starts is None or at < starts

    def _token_life(self, ends: datetime) -> timedelta:
        # One of unknown age was brought as if it had ended before it was issued.
        return max(ends - (self.token_issued_at or self.updated_at), timedelta(0))

    def still_works(self, *, at: datetime) -> bool:
        """Whether the access token has not ended yet."""
        return self.token_expires_at is None or at < self.token_expires_at

    def changed(self, *, at: datetime, **fields: object) -> "Credential":
        """The next version of the row, unless `fields` names one."""
        return replace(self, **{"version": self.version + 1, "updated_at": at, **fields})  # type: ignore[arg-type]  # checked by the slots

    def summary(self) -> dict[str, object]:
        """What a list shows. It has no secret to leak."""
        return {
            "credentialId": self.credential_id,
            "userId": self.user_id,
            "type": self.app,
            "kind": self.kind,
            "name": self.name,
            "status": self.status,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
            "expiresAt": iso_or_none(self.expires_at),
            "scopes": list(self.scopes),
            "missingScopes": list(self.missing_scopes),
            "accountId": self.account_id,
            "tags": list(self.tags),
        }

    def details(self) -> dict[str, object]:
        """What `GET /credentials/{credentialId}` shows."""
        failure = self.last_failure
        return self.summary() | {
            "lastVerifiedAt": iso_or_none(self.last_verified_at),
            "lastRenewedAt": iso_or_none(self.last_renewed_at),
            "lastFailure": failure
            and {
                "at": iso(failure.at),
                "code": failure.code,
                "message": failure.message,
                "transient": failure.transient,
            },
        }


def _plainly(value: str) -> str:
    """As people may write it either way."""
    return value.casefold().rstrip("/")
