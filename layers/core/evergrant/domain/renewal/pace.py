"""How fast an app is asked: inside the limits that its entry states, whatever comes due at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.app.requests import RateLimit
from evergrant.domain.credential import Credential
from evergrant.domain.due import jitter

Lane = Literal["renewals", "checks"]
UNSTATED = (RateLimit(requests=50, seconds=1),)
"""For an app that states no limit."""
SHARES: dict[Lane, float] = {"renewals": 0.7, "checks": 0.15}
"""Of the limit. Checks, which nothing waits for, have a budget of their own and crowd no renewal."""
A_MINUTE = timedelta(minutes=1)
LONGEST_BURST = timedelta(seconds=6)
SOONEST, LATEST = timedelta(seconds=5), timedelta(minutes=5)
"""When what had no token tries again."""
LAST_MINUTES = timedelta(minutes=2)
"""What ends within this is not put off any more: better over the limit than dead."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A token bucket: one token each `step`, and those of `burst` at once."""

    step: timedelta
    burst: timedelta


def pace_of(limits: Sequence[RateLimit], *, lane: Lane) -> Pace:
    """The tightest of the limits, whoever the provider counts by: its token endpoint may count otherwise.

    Any time of a limit's own length stays inside it, with the token that each minute begins with: but for an app that
    takes one at a time, which may be asked twice there. What is slower than one a minute counts as one a minute.
    """
    return max((_inside(each, SHARES[lane]) for each in limits or UNSTATED), key=lambda pace: pace.step)


def _inside(limit: RateLimit, share: float) -> Pace:
    length = timedelta(seconds=limit.seconds)
    # Of a few, the minute's own token is a large part: all but it, at most.
    steady = min(limit.requests * share - length / A_MINUTE, max(1, limit.requests - 1))
    step = min(length / steady, A_MINUTE) if steady > 0 else A_MINUTE
    return Pace(step, max(step, min(LONGEST_BURST, length / 10)))


def lane_of(credential: Credential, *, at: datetime) -> Lane:
    """A check is what nothing waits for: what it looks at is fresh, or is never renewed."""
    return "checks" if not credential.renewable or credential.is_fresh(at=at) else "renewals"


def wait(credential: Credential, *, at: datetime) -> timedelta | None:
    """How long it waits for a token, spread by its id, within its token's life; None when it can wait no longer."""
    latest = LATEST
    ends = [end for end in (credential.token_expires_at, credential.expires_at) if end is not None and end > at]
    if ends:
        left = min(ends) - at - LAST_MINUTES
        if left <= timedelta(0):
            return None
        latest = min(latest, left)
    return max(SOONEST, jitter(f"{credential.credential_id}#{at.timestamp()}", spread=latest))
