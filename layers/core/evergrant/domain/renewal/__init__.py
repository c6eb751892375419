"""The rules of a renewal: what a provider said, what that does to the row, and when it comes again."""

from evergrant.domain.renewal.applying import Change, apply, expired, lands, with_sealed
from evergrant.domain.renewal.outcomes import (
    OURS,
    REJECTED,
    Dead,
    Ours,
    Outcome,
    Renewed,
    Stale,
    Transient,
    Unchecked,
    Verified,
)
from evergrant.domain.renewal.terms import LEASE, TIMEOUT, Terms, terms_of
from evergrant.domain.renewal.timing import (
    CHECK_EVERY,
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    backoff,
    is_due,
    last_moment,
    lease_is_free,
    next_due,
)

__all__ = [
    "CHECK_EVERY",
    "FIRST_BACKOFF",
    "LEASE",
    "LONGEST_BACKOFF",
    "OURS",
    "REJECTED",
    "TIMEOUT",
    "Change",
    "Dead",
    "Ours",
    "Outcome",
    "Renewed",
    "Stale",
    "Terms",
    "Transient",
    "Unchecked",
    "Verified",
    "apply",
    "backoff",
    "expired",
    "is_due",
    "lands",
    "last_moment",
    "lease_is_free",
    "next_due",
    "terms_of",
    "with_sealed",
]
