"""The due index: one idea for everything that is timed (renewals, checks, delivery retries).

Partition `<minute>#<shard>`, sort `<due>#<id>`; an item stands in it only while something is due.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.domain.ids import CredentialId
from evergrant.domain.times import iso

MINUTE, MILLISECOND = timedelta(minutes=1), timedelta(milliseconds=1)
MINIMUM_LEAD = timedelta(seconds=60)
"""A due time is never nearer than this to the write: a global secondary index lags."""


def renewal_message(credential_id: CredentialId, at: datetime) -> dict[str, object]:
    """What the renewals queue is told of a credential that is due then."""
    return {"credentialId": credential_id, "due": iso(at)}


@dataclass(frozen=True, slots=True)
class DueSlot:
    """Where an item that is due at `at` stands in the index."""

    partition: str
    sort: str


def jitter(identity: str, *, spread: timedelta) -> timedelta:
    """A share of `spread`, the same each time for the same identity; whole milliseconds, as rows keep times."""
    share = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) / 2**64
    return spread * share // MILLISECOND * MILLISECOND


def spread_before(at: datetime, identity: str, *, spread: timedelta) -> datetime:
    """Some time in the `spread` before `at`, the same each time; whole minutes, so that a herd fills each evenly."""
    minutes = spread // MINUTE
    if not minutes:
        return at - jitter(identity, spread=spread)
    return at.replace(second=0, microsecond=0) - jitter(identity, spread=minutes * MINUTE)


@dataclass(frozen=True, slots=True)
class Shards:
    """How many partitions a minute has: each epoch is a minute (since 1970) and how many from there on."""

    epochs: tuple[tuple[int, int], ...] = ((0, 4),)

    def __post_init__(self) -> None:
        if not self.epochs or self.epochs[0][0] != 0 or min(count for _, count in self.epochs) < 1:
            raise ValueError("the first epoch begins with minute 0, and each has a partition at least")

    @classmethod
    def parsed(cls, text: str) -> "Shards":
        """As a setting says it: `0:4,29500000:16`. Raises: ValueError."""
        pairs = [each.split(":") for each in text.split(",")]
        return cls(tuple(sorted((int(since), int(count)) for since, count in pairs)))

    def of(self, minute: int) -> int:
        """That minute's number of partitions."""
        return [count for since, count in self.epochs if since <= minute][-1]


FOUR = Shards()


def slot(identity: str, *, at: datetime, shards: Shards = FOUR) -> DueSlot:
    """The slot of `identity` at the time `at`, in whole milliseconds as the row has it: the two are compared."""
    milliseconds = round(at.timestamp() * 1000)
    minute = milliseconds // 60_000
    shard = int.from_bytes(hashlib.sha256(identity.encode()).digest()[-4:]) % shards.of(minute)
    return DueSlot(partition=f"{minute}#{shard}", sort=f"{milliseconds:013d}#{identity}")


def partitions(minute: int, *, shards: Shards = FOUR) -> list[str]:
    """All partitions of one minute (minutes since the epoch)."""
    return [f"{minute}#{shard}" for shard in range(shards.of(minute))]


def minute_of(at: datetime) -> int:
    """Minutes since the epoch."""
    return int(at.timestamp()) // 60


def day_of(at: datetime) -> int:
    """Days since the epoch."""
    return int(at.timestamp()) // 86_400


def not_before(at: datetime, *, now: datetime) -> datetime:
    """`at`, but far enough ahead of the write for the index to have it."""
    return max(at, now + MINIMUM_LEAD)
