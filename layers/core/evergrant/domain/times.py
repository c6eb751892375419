"""Times on the wire: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import UTC, datetime

EARLIEST, LATEST = 2000, 9990
"""Years of times that callers send. Beyond them a time zone, a margin or an id could leave what a datetime holds."""


def iso(at: datetime) -> str:
    """`2026-11-24T09:00:00.000Z`"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(at: datetime | None) -> str | None:
    """The same, where there may be no time."""
    return None if at is None else iso(at)


def from_iso(text: str) -> datetime:
    """The aware UTC datetime that `iso` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def from_iso_or_none(text: str | None) -> datetime | None:
    """The same, where there may be no time."""
    return None if text is None else from_iso(text)
