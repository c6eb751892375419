"""What an outcome at the provider does to a credential: status, next due time, event. Pure rules, no I/O."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from evergrant.domain.credential import Credential, Failure
from evergrant.domain.due import not_before
from evergrant.domain.events import EventType
from evergrant.domain.renewal.forecast import forecast_data, forecast_key, forecast_to_tell, moved
from evergrant.domain.renewal.outcomes import (
    REJECTED,
    Dead,
    Held,
    Ours,
    Outcome,
    Renewed,
    Transient,
    Unchecked,
    Verified,
)
from evergrant.domain.renewal.terms import Terms
from evergrant.domain.renewal.timing import backoff, last_moment, next_due
from evergrant.domain.times import iso_or_none

DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class ScopesChanged:
    """What a renewal brought of other scopes than before."""

    added: list[str]
    removed: list[str]

    def data(self) -> dict[str, object]:
        """What the event says."""
        return {"added": self.added, "removed": self.removed}


@dataclass(frozen=True, slots=True)
class Change:
    """The next state of the row, and what is said of it; no event where nothing is news."""

    credential: Credential
    event: EventType | None = None
    data: dict[str, object] = field(default_factory=dict[str, object])
    once: str | None = None
    """The key under which the event is said: what has the same is said by the first alone."""
    scopes: "ScopesChanged | None" = None
    """Told besides."""
    only_holder: bool = True
    """Only the holder of the lease may write it. A new secret is saved by whoever has it."""


def apply(
    read: Credential,
    outcome: Outcome,
    *,
    at: datetime,
    chance: float,
    terms: Terms = DEFAULT_TERMS,
) -> Change:
    """`chance` in [0, 1) draws the backoff; the secret of a `Renewed` is added by `with_sealed`."""
    match outcome:
        case Dead():
            return expired(read, at=at, reason=outcome.reason, provider_error=outcome.provider_error)
        case Transient():
            return _degraded(read, outcome, at=at, chance=chance, terms=terms)
        case Held():
            return _doubted(read, outcome, at=at, chance=chance)
        case Ours():
            return _misconfigured(read, outcome, at=at, chance=chance)
        case Renewed():
            return _renewed(read, outcome, at=at, check_every=terms.check_every)
        case Verified():
            return _alive(read, at=at, check_every=terms.check_every, last_verified_at=at)
        case Unchecked():
            return Change(_free(read, at=at, due_at=next_due(read, at=at, check_every=terms.check_every)))


def with_sealed(change: Change, sealed: bytes) -> Change:
    """The change of a `Renewed`, with the new secret sealed for its generation."""
    return replace(change, credential=replace(change.credential, sealed=sealed))


def expired(read: Credential, *, at: datetime, reason: str, provider_error: str | None = None) -> Change:
    """Said once: from here on nothing is due any more."""
    failure = Failure(at=at, code=reason, message="Ask the user to connect this app again.", transient=False)
    new = _free(read, at=at, due_at=None, status="expired", last_failure=failure, spare=None)
    return _news(new, "credential.expired", {"reason": reason, "providerError": provider_error})


def lands(row: Credential, *, generation: int) -> bool:
    """Whether a secret that was got for that generation belongs on the row; after the provider's no, any does."""
    if row.status == "expired":
        return row.last_failure is not None and row.last_failure.code in REJECTED
    return row.generation == generation


def forecast(read: Credential, *, at: datetime) -> Change:
    """The end is near; what else is due comes right after."""
    days = forecast_to_tell(read, at=at)
    new = read.changed(at=at, forecast_said=days, due_at=not_before(at, now=at))
    return Change(new, "credential.expiring", forecast_data(read, at=at), once=forecast_key(read, days=days))


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
    return replace(change, only_holder=False, scopes=_drift(read.scopes, scopes))


def _drift(before: tuple[str, ...], after: tuple[str, ...]) -> ScopesChanged | None:
    added = [scope for scope in after if scope not in before]
    removed = [scope for scope in before if scope not in after]
    return ScopesChanged(added, removed) if added or removed else None


def _alive(read: Credential, *, at: datetime, check_every: timedelta, **fields: object) -> Change:
    new = _free(read, at=at, status="active", last_failure=None, failures=0, **fields)
    new = moved(new, read=read, at=at)
    new = replace(new, due_at=next_due(new, at=at, check_every=check_every))
    return Change(new) if read.status == "active" else _news(new, "credential.recovered")


def _degraded(read: Credential, outcome: Transient, *, at: datetime, chance: float, terms: Terms) -> Change:
    new = _waiting(read, Failure(at, outcome.code, outcome.message, transient=True), outcome.retry_after, chance=chance)
    # A token of an earlier try may have been spent; a provider that says when to come again is heard where it was not.
    soon = outcome.unknown or outcome.retry_after is None
    if soon and terms.within and new.due_at:
        new = replace(new, due_at=min(new.due_at, not_before(at + terms.within, now=at)))
    latest = last_moment(read, at=at) if outcome.unknown and terms.burns else None
    if latest:
        # Nobody asks before that: a token that may have been spent would end the grant.
        new = replace(new, lease_until=latest, awaits=True, due_at=latest)
    if read.status == "degraded":
        return Change(new)
    return _news(new, "credential.degraded", {"reason": outcome.code, "providerError": None})


def _doubted(read: Credential, outcome: Held, *, at: datetime, chance: float) -> Change:
    message = "The app refused it, but too much speaks against that; it will be asked again."
    new = _waiting(read, Failure(at, outcome.reason, message, transient=True), None, chance=chance)
    if read.status == "degraded":
        return Change(new)
    return _news(new, "credential.degraded", {"reason": outcome.reason, "providerError": outcome.provider_error})


def _misconfigured(read: Credential, outcome: Ours, *, at: datetime, chance: float) -> Change:
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
    return read.changed(at=at, lease_until=None, awaits=False, **fields)


def _news(new: Credential, event: EventType, data: dict[str, object] | None = None) -> Change:
    """A change of status has a number: whoever would say it again has the same key, and says nothing."""
    number = new.transitions + 1
    key = sha256(f"{new.credential_id}#{event}#{number}".encode()).hexdigest()
    return Change(replace(new, transitions=number), event, data or {}, once=key)
