"""The due index: one idea for everything that is timed (renewals, checks, delivery retries).

Partition `<minute>#<shard>`, sort `<due>#<id>`; an item stands in it only while something is due.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

SHARDS = 4
MINIMUM_LEAD = timedelta(seconds=60)
"""A due time is never nearer than this to the write: a global secondary index lags."""


@dataclass(frozen=True, slots=True)
class DueSlot:
    """Where an item that is due at `at` stands in the index."""

    partition: str
    sort: str


def jitter(identity: str, *, spread: timedelta) -> timedelta:
    """A share of `spread`, the same each time for the same identity."""
    share = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) / 2**64
    return spread * share


def slot(identity: str, *, at: datetime) -> DueSlot:
    """The slot of `identity` at the time `at`, in whole milliseconds as the row has it: the two are compared."""
    shard = hashlib.sha256(identity.encode()).digest()[-1] % SHARDS
    milliseconds = round(at.timestamp() * 1000)
    return DueSlot(partition=f"{milliseconds // 60_000}#{shard}", sort=f"{milliseconds:013d}#{identity}")


def partitions(minute: int) -> list[str]:
    """All partitions of one minute (minutes since the epoch)."""
    return [f"{minute}#{shard}" for shard in range(SHARDS)]


def minute_of(at: datetime) -> int:
    """Minutes since the epoch."""
    return int(at.timestamp()) // 60


def not_before(at: datetime, *, now: datetime) -> datetime:
    """`at`, but far enough ahead of the write for the index to have it."""
    return max(at, now + MINIMUM_LEAD)
