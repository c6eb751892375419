"""When a credential is renewed or checked next: after a success, after a failure, and while somebody is at it."""

from datetime import datetime, timedelta

from evergrant.domain.credential import Credential
from evergrant.domain.due import jitter, not_before

LEASE = timedelta(seconds=12)
CHECK_EVERY = timedelta(days=1)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=2), timedelta(hours=6)
_DOUBLINGS = 8
"""Beyond this the longest backoff has been reached."""


def lease_is_free(credential: Credential, *, at: datetime) -> bool:
    """Whether nobody is renewing it now."""
    return credential.lease_until is None or credential.lease_until <= at


def is_due(credential: Credential, *, at: datetime) -> bool:
    """Whether there is something to do; an expired credential waits for its merchant."""
    return credential.status != "expired" and credential.due_at is not None and credential.due_at <= at


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
