"""The rules of a renewal: what a provider said, what that does to the row, and when it comes again."""

from evergrant.domain.renewal.applying import Change, apply, expired, forecast, with_sealed
from evergrant.domain.renewal.forecast import forecast_to_tell, was_tried
from evergrant.domain.renewal.outcomes import OURS, Dead, Held, Ours, Outcome, Renewed, Transient, Unchecked, Verified
from evergrant.domain.renewal.timing import (
    CHECK_EVERY,
    FIRST_BACKOFF,
    LEASE,
    LONGEST_BACKOFF,
    backoff,
    is_due,
    lease_is_free,
    must_refresh,
    next_due,
    scheduled,
)

__all__ = [
    "CHECK_EVERY",
    "FIRST_BACKOFF",
    "LEASE",
    "LONGEST_BACKOFF",
    "OURS",
    "Change",
    "Dead",
    "Held",
    "Ours",
    "Outcome",
    "Renewed",
    "Transient",
    "Unchecked",
    "Verified",
    "apply",
    "backoff",
    "expired",
    "forecast",
    "forecast_to_tell",
    "is_due",
    "lease_is_free",
    "must_refresh",
    "next_due",
    "scheduled",
    "was_tried",
    "with_sealed",
]
