"""What an app's entry means for a renewal: how long others wait, what is sent again, how often it is checked."""

from dataclasses import dataclass, replace
from datetime import timedelta

from evergrant.domain.app import AuthMethod, OAuth2Method
from evergrant.domain.renewal.timing import CHECK_EVERY, cadence

TIMEOUT = timedelta(seconds=8)
"""Of one call to a provider: well inside every lease, for each call has a lease of its own."""
LEASE = timedelta(seconds=12)


@dataclass(frozen=True, slots=True)
class Terms:
    """The default is for what is not spent by being used: a key, a password, a refresh token that is kept."""

    lease: timedelta = LEASE
    """How long nobody else asks the provider."""
    patience: timedelta = TIMEOUT
    """How long, after a lease that ended without an outcome, what its holder may still bring is waited for."""
    within: timedelta | None = None
    """Where a used token may be sent again: how soon it is, for nobody may know what became of it."""
    burns: bool = False
    """Whether a used token that is sent again ends the grant: it is sent again as late as the access token allows."""
    check_every: timedelta = CHECK_EVERY
    """How often it is checked where nothing else renews it."""


FORGIVING = Terms(within=timedelta(minutes=2))
STRICT = Terms(lease=timedelta(minutes=1), patience=timedelta(minutes=5), burns=True)
"""The patience is more than two tries of the rescue queue, and begins with a write that storage took."""
_TERMS = {"keep": Terms(), "none": Terms(), "rotate_overlap": FORGIVING, "rotate_strict": STRICT}


def terms_of(way: AuthMethod | None, *, check_every: timedelta = CHECK_EVERY) -> Terms:
    """As the entry says; an overlap that a lease and a time-out do not fit into is none.

    `check_every` is for an entry that does not say how often it is to be checked.
    """
    return replace(_of_refreshing(way), check_every=cadence(way, usual=check_every))


def _of_refreshing(way: AuthMethod | None) -> Terms:
    if not isinstance(way, OAuth2Method) or way.mints:
        return Terms()
    overlap = way.refresh_overlap_seconds
    if way.refresh != "rotate_overlap" or overlap is None:
        return _TERMS[way.refresh]
    if timedelta(seconds=overlap) < LEASE + TIMEOUT:
        return STRICT
    # Several tries within the overlap, however long the bad day is.
    return replace(FORGIVING, within=timedelta(seconds=overlap) / 4)
