"""When a credential is renewed or checked next: after a success, after a failure, and while somebody is at it."""

from dataclasses import replace
from datetime import datetime, timedelta

from evergrant.domain.app import AuthMethod
from evergrant.domain.credential import A_DAY, LONGEST_SPREAD, Credential
from evergrant.domain.due import MINIMUM_LEAD, jitter, not_before, spread_before
from evergrant.domain.renewal.forecast import forecast_to_tell, next_forecast, starting_over

CHECK_EVERY = timedelta(days=1)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=6)
LAST_MOMENT = timedelta(minutes=1)
"""Before the end of what still works."""
_DOUBLINGS, _DOUBLINGS_WITHOUT_KEY = 8, 3
"""Beyond this the longest backoff has been reached."""
FIRST_WITHOUT_KEY = timedelta(minutes=1)
LONGEST_WITHOUT_KEY = FIRST_WITHOUT_KEY * 2**_DOUBLINGS_WITHOUT_KEY
"""While its key is away: once that is back, everything is renewed within this."""


def lease_is_free(credential: Credential, *, at: datetime) -> bool:
    """Whether nobody is renewing it now; what has reached its own end waits for no provider's answer."""
    if credential.lease_until is None or credential.lease_until <= at:
        return True
    return credential.awaits and credential.is_over(at=at)


def is_due(credential: Credential, *, at: datetime) -> bool:
    """Whether there is something to do; an expired credential waits for its merchant."""
    return credential.status != "expired" and credential.due_at is not None and credential.due_at <= at


def next_due(credential: Credential, *, at: datetime, check_every: timedelta = CHECK_EVERY) -> datetime:
    """Ahead of time what is in use, and what would otherwise die or be told of; the rest at its daily check."""
    check = at + check_every - jitter(credential.credential_id, spread=check_every / 4)
    starts = credential.renewal_starts() if credential.in_use(at=at) else None
    ahead = [starts, grant_renewal_starts(credential), next_forecast(credential)]
    # A token that cannot be renewed is past its margin until its end: that end is what is waited for.
    soonest = min([check, *(time for time in ahead if time is not None and time > at)])
    if forecast_to_tell(credential, at=at) is not None:
        soonest = at
    # Never before a lease has ended: what comes then finds nothing to do, and nothing would come again.
    soonest = max(soonest, credential.lease_until or soonest)
    return not_before(min(soonest, credential.expires_at or soonest), now=at)


def cadence(way: AuthMethod | None, *, usual: timedelta) -> timedelta:
    """How often a secret of this way is checked: as the app's entry says, else as usual."""
    hours = way.probe.every_hours if way and way.probe else None
    return timedelta(hours=hours) if hours else usual


def scheduled(credential: Credential, *, at: datetime, check_every: timedelta = CHECK_EVERY) -> Credential:
    """With a new end: its forecasts start over, and so does what is due."""
    new = starting_over(credential, at=at)
    return replace(new, due_at=next_due(new, at=at, check_every=check_every))


def grant_renewal_starts(credential: Credential) -> datetime | None:
    """When a grant that would end unused is used: a fifth of its life before that, and a day at most."""
    if credential.expires_at is None or not credential.renewable:
        return None
    life = credential.expires_at - (credential.last_renewed_at or credential.created_at)
    starts = credential.expires_at - min(life / 5, A_DAY)
    return spread_before(starts, credential.credential_id, spread=min(life / 6, LONGEST_SPREAD))


def must_refresh(credential: Credential, *, at: datetime) -> bool:
    """Whether a live check is not enough: only a new token keeps the grant alive, or shows that its end moves."""
    starts = grant_renewal_starts(credential)
    return (starts is not None and starts <= at) or forecast_to_tell(credential, at=at) is not None


def last_moment(credential: Credential, *, at: datetime) -> datetime | None:
    """As late as the access token, and the grant, allow; None where that is over."""
    ends = [end for end in (credential.token_expires_at, credential.expires_at) if end]
    latest = min(ends) - LAST_MOMENT if ends else None
    return latest if latest and latest > at + MINIMUM_LEAD else None


def backoff(failures: int, *, chance: float, retry_after: timedelta | None = None) -> timedelta:
    """Full jitter under a doubling ceiling; never before the provider's own `Retry-After`, within reason."""
    ceiling = min(FIRST_BACKOFF * 2 ** min(failures, _DOUBLINGS), LONGEST_BACKOFF)
    return max(ceiling * chance, min(retry_after or timedelta(0), LONGEST_BACKOFF))


def without_key(credential: Credential, *, at: datetime) -> Credential:
    """Put off, as it is, while its key is away; spread by its id, for a workspace's whole herd is.

    What it counts lengthens the backoff of the provider's own bad days by little: the key's are not the provider's.
    """
    longest = FIRST_WITHOUT_KEY * 2 ** min(credential.failures, _DOUBLINGS_WITHOUT_KEY)
    again = at + longest / 2 + jitter(f"{credential.credential_id}#{at.timestamp()}", spread=longest / 2)
    failures = max(credential.failures, min(credential.failures + 1, _DOUBLINGS_WITHOUT_KEY))
    due_at = not_before(min(again, credential.expires_at or again), now=at)
    return replace(credential, failures=failures, due_at=due_at)
