"""A known end is told of 30, 7 and 1 days before it, once each; an end that moves starts over."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from evergrant.domain.credential import A_DAY, Credential
from evergrant.domain.times import iso, iso_or_none

DAYS = (30, 7, 1)
SAME_END = timedelta(hours=1)
"""A provider that states what is left of a life states the same end a little differently each time."""


def starting_over(credential: Credential, *, at: datetime) -> Credential:
    """With its end new at `at`: a forecast that this is too late for is never sent."""
    return replace(credential, forecast_said=_reached(credential, at=at))


def moved(new: Credential, *, read: Credential, at: datetime) -> Credential:
    """After a renewal: forecasts start over where the end is another than before."""
    if new.expires_at is None or read.expires_at is None or abs(new.expires_at - read.expires_at) > SAME_END:
        return starting_over(new, at=at)
    return new


def next_forecast(credential: Credential) -> datetime | None:
    """When the next one is due that was not said yet."""
    if credential.expires_at is None:
        return None
    left = [days for days in DAYS if credential.forecast_said is None or days < credential.forecast_said]
    return credential.expires_at - max(left) * A_DAY if left else None


def forecast_to_tell(credential: Credential, *, at: datetime) -> int | None:
    """The days of the one that is due; of several that were missed, the nearest."""
    reached, said = _reached(credential, at=at), credential.forecast_said
    return reached if reached is not None and (said is None or reached < said) else None


def is_to_be_told(credential: Credential, *, at: datetime) -> bool:
    """Whether a forecast is due, and a renewal had a chance to move the end since: only what stays is told of."""
    days = forecast_to_tell(credential, at=at)
    if days is None or credential.expires_at is None:
        return False
    return not credential.renewable or credential.updated_at >= credential.expires_at - days * A_DAY


def forecast_data(credential: Credential, *, at: datetime) -> dict[str, object]:
    """What the event says of the end."""
    left = credential.expires_at - at if credential.expires_at else timedelta(0)
    return {"expiresAt": iso_or_none(credential.expires_at), "daysLeft": ceil(left / A_DAY)}


def forecast_key(credential: Credential, *, days: int | None) -> str:
    """By which a forecast of this end is known to have been said."""
    end = iso(credential.expires_at) if credential.expires_at else ""
    return f"credential.expiring#{credential.credential_id}#{days}#{end}"


def _reached(credential: Credential, *, at: datetime) -> int | None:
    if credential.expires_at is None:
        return None
    return min((days for days in DAYS if credential.expires_at - days * A_DAY <= at), default=None)
