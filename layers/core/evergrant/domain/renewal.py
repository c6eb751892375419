"""What an outcome at the provider does to a credential: status, next due time, event. Pure rules, no I/O.

An outcome is data. Only `Dead`, or a known end that has come, makes a credential `expired`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from evergrant.domain.credential import Credential, Failure
from evergrant.domain.due import jitter, not_before
from evergrant.domain.events import EventType
from evergrant.domain.secret import Secret
from evergrant.domain.times import iso_or_none
from evergrant.domain.tokens import CLIENT_ERRORS

LEASE = timedelta(seconds=12)
OURS = frozenset({"app_misconfigured", "app_changed", "client_missing", *CLIENT_ERRORS})
"""What is the owner's to mend: no credential dies for it."""
CHECK_EVERY = timedelta(days=1)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=6)
_DOUBLINGS = 8
"""Beyond this the longest backoff has been reached."""


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
class Unchecked:
    """The app has no way to ask."""


@dataclass(frozen=True, slots=True)
class Transient:
    """Time-outs, 5xx, 429, nonsense: the provider's bad day."""

    code: str
    message: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """The provider's certain word that the merchant must connect again."""

    reason: str
    provider_error: str | None = None


@dataclass(frozen=True, slots=True)
class Ours:
    """`invalid_client`, `unauthorized_client`: the owner's client is wrong, and no credential dies for it."""

    code: str
    message: str
    client_since: datetime | None = None
    """When the client was set that the provider refuses: with the next one it is news again."""


Outcome = Renewed | Verified | Unchecked | Transient | Dead | Ours


@dataclass(frozen=True, slots=True)
class Change:
    """The next state of the row, and what is said of it; no event where nothing is news."""

    credential: Credential
    event: EventType | None = None
    data: dict[str, object] = field(default_factory=dict[str, object])
    once: str | None = None
    """What the event is about, where many credentials would say the same: it is said for the first of them alone."""
    only_holder: bool = True
    """Only the holder of the lease may write it. A new secret is saved by whoever has it."""


def lease_is_free(credential: Credential, *, at: datetime) -> bool:
    """Whether nobody is renewing it now."""
    return credential.lease_until is None or credential.lease_until <= at


def is_due(credential: Credential, *, at: datetime) -> bool:
    """Whether there is something to do; an expired credential waits for its merchant."""
    return credential.status != "expired" and credential.due_at is not None and credential.due_at <= at


def apply(
    read: Credential, outcome: Outcome, *, at: datetime, chance: float, check_every: timedelta = CHECK_EVERY
) -> Change:
    """`chance` in [0, 1) draws the backoff; the secret of a `Renewed` is added by `with_sealed`."""
    match outcome:
        case Dead():
            return expired(read, at=at, reason=outcome.reason, provider_error=outcome.provider_error)
        case Transient():
            return _degraded(read, outcome, at=at, chance=chance)
        case Ours():
            return _held(read, outcome, at=at, chance=chance)
        case Renewed():
            return _renewed(read, outcome, at=at, check_every=check_every)
        case Verified():
            return _alive(read, at=at, check_every=check_every, last_verified_at=at)
        case Unchecked():
            return Change(_free(read, at=at, due_at=next_due(read, at=at, check_every=check_every)))


def with_sealed(change: Change, sealed: bytes) -> Change:
    """The change of a `Renewed`, with the new secret sealed for its generation."""
    return replace(change, credential=replace(change.credential, sealed=sealed))


def expired(read: Credential, *, at: datetime, reason: str, provider_error: str | None = None) -> Change:
    """Said once: from here on nothing is due any more."""
    failure = Failure(at=at, code=reason, message="Ask the user to connect this app again.", transient=False)
    new = _free(read, at=at, due_at=None, status="expired", last_failure=failure)
    return Change(new, "credential.expired", {"reason": reason, "providerError": provider_error})


def next_due(credential: Credential, *, at: datetime, check_every: timedelta = CHECK_EVERY) -> datetime:
    """The margin before the access token's end, the grant's own end, or the daily check: whichever is first."""
    check = at + check_every - jitter(credential.credential_id, spread=check_every / 4)
    starts = credential.renewal_starts()
    # A token that cannot be renewed is past its margin until its end: that end is what is waited for.
    times = [check, starts if starts and starts > at else None, credential.expires_at]
    return not_before(min(time for time in times if time is not None), now=at)


def backoff(failures: int, *, chance: float, retry_after: timedelta | None = None) -> timedelta:
    """Full jitter under a doubling ceiling; never before the provider's own `Retry-After`, within reason."""
    ceiling = min(FIRST_BACKOFF * 2 ** min(failures, _DOUBLINGS), LONGEST_BACKOFF)
    return max(ceiling * chance, min(retry_after or timedelta(0), LONGEST_BACKOFF))


def _renewed(read: Credential, outcome: Renewed, *, at: datetime, check_every: timedelta) -> Change:
    scopes = read.scopes if outcome.scopes is None else outcome.scopes
    wanted = dict.fromkeys([*read.scopes, *read.missing_scopes])
    change = _alive(
        read,
        at=at,
        check_every=check_every,
        generation=read.generation + 1,
        token_issued_at=at,
        token_expires_at=outcome.token_expires_at,
        expires_at=outcome.grant_expires_at or read.expires_at,
        scopes=scopes,
        missing_scopes=tuple(scope for scope in wanted if scope not in scopes),
        last_renewed_at=at,
        variables={**read.variables, **outcome.variables},
    )
    return replace(change, only_holder=False)


def _alive(read: Credential, *, at: datetime, check_every: timedelta, **fields: object) -> Change:
    new = _free(read, at=at, status="active", last_failure=None, failures=0, **fields)
    new = replace(new, due_at=next_due(new, at=at, check_every=check_every))
    return Change(new, "credential.recovered" if read.status == "degraded" else None)


def _degraded(read: Credential, outcome: Transient, *, at: datetime, chance: float) -> Change:
    new = _waiting(read, Failure(at, outcome.code, outcome.message, transient=True), outcome.retry_after, chance=chance)
    said: dict[str, object] = {"reason": outcome.code, "providerError": None}
    return Change(new, None if read.status == "degraded" else "credential.degraded", said)


def _held(read: Credential, outcome: Ours, *, at: datetime, chance: float) -> Change:
    new = _waiting(read, Failure(at, outcome.code, outcome.message, transient=True), None, chance=chance)
    once = read.last_failure is None or read.last_failure.code != outcome.code
    about = f"app.misconfigured#{read.app}#{outcome.code}#{iso_or_none(outcome.client_since)}"
    return Change(new, "app.misconfigured" if once else None, {"reason": outcome.code}, once=about)


def _waiting(read: Credential, failure: Failure, retry_after: timedelta | None, *, chance: float) -> Credential:
    wait = backoff(read.failures, chance=chance, retry_after=retry_after)
    again = failure.at + wait
    if read.expires_at is not None:
        again = min(again, read.expires_at)
    due_at = not_before(again, now=failure.at)
    return _free(
        read, at=failure.at, due_at=due_at, status="degraded", failures=read.failures + 1, last_failure=failure
    )


def _free(read: Credential, *, at: datetime, **fields: object) -> Credential:
    return read.changed(at=at, lease_until=None, **fields)
