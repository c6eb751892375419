"""When a credential is renewed or checked next: after a success, after a failure, and while somebody is at it."""

from datetime import datetime, timedelta

from evergrant.domain.credential import Credential
from evergrant.domain.due import MINIMUM_LEAD, jitter, not_before

CHECK_EVERY = timedelta(days=1)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=6)
LAST_MOMENT = timedelta(minutes=1)
"""Before the end of what still works."""
_DOUBLINGS = 8
"""Beyond this the longest backoff has been reached."""


def lease_is_free(credential: Credential, *, at: datetime) -> bool:
    """Whether nobody is renewing it now; what has reached its own end waits for no provider's answer."""
    if credential.lease_until is None or credential.lease_until <= at:
        return True
    return credential.awaits and credential.is_over(at=at)


def is_due(credential: Credential, *, at: datetime) -> bool:
    """Whether there is something to do; an expired credential waits for its merchant."""
    return credential.status != "expired" and credential.due_at is not None and credential.due_at <= at


def next_due(credential: Credential, *, at: datetime, check_every: timedelta = CHECK_EVERY) -> datetime:
    """The margin before the access token's end, the grant's own end, or the daily check: whichever is first."""
    check = at + check_every - jitter(credential.credential_id, spread=check_every / 4)
    starts = credential.renewal_starts()
    # A token that cannot be renewed is past its margin until its end: that end is what is waited for.
    soonest = min(check, starts) if starts and starts > at else check
    # Never before a lease has ended: what comes then finds nothing to do, and nothing would come again.
    soonest = max(soonest, credential.lease_until or soonest)
    return not_before(min(soonest, credential.expires_at or soonest), now=at)


def last_moment(credential: Credential, *, at: datetime) -> datetime | None:
    """As late as the access token, and the grant, allow; None where that is over."""
    ends = [end for end in (credential.token_expires_at, credential.expires_at) if end]
    latest = min(ends) - LAST_MOMENT if ends else None
    return latest if latest and latest > at + MINIMUM_LEAD else None


def backoff(failures: int, *, chance: float, retry_after: timedelta | None = None) -> timedelta:
    """Full jitter under a doubling ceiling; never before the provider's own `Retry-After`, within reason."""
    ceiling = min(FIRST_BACKOFF * 2 ** min(failures, _DOUBLINGS), LONGEST_BACKOFF)
    return max(ceiling * chance, min(retry_after or timedelta(0), LONGEST_BACKOFF))
