"""Times that callers send: ISO 8601 with an offset, within reason, and UTC from here on."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from evergrant.domain.times import EARLIEST, LATEST


def _moment(value: object) -> datetime:
    """Raises: ValueError."""
    try:
        # What is no text is no time either: no numbers.
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("must be a time such as 2026-11-24T09:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError("must say its offset, such as Z")
    if not EARLIEST <= at.year <= LATEST:
        raise ValueError(f"must be between {EARLIEST} and {LATEST}")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
