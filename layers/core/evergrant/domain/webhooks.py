"""Webhook endpoints and deliveries: who hears of what, and when it is tried again."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.events import DEFAULT_TYPES, Event
from evergrant.domain.ids import EndpointId, WorkspaceId
from evergrant.domain.times import iso, iso_or_none

WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""Ten attempts over 75.6 hours, as Standard Webhooks recommends; each wait follows the attempt before it."""
DISABLED_AFTER = timedelta(days=5)
QUEUE_DELAY_LIMIT = timedelta(minutes=15)
"""SQS delays a message by this at most; longer waits stand in the due index."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver. Its signing secret is sealed."""

    workspace_id: WorkspaceId
    endpoint_id: EndpointId
    url: str
    created_at: datetime
    sealed_secret: bytes
    events: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    user_tags: tuple[str, ...] = ()
    description: str | None = None
    paused: bool = False
    failing_since: datetime | None = None
    disabled_reason: str | None = None
    sealed_old_secret: bytes | None = None
    """During a rotation: both sign until `old_until`."""
    old_until: datetime | None = None
    secret_generation: int = 1

    @property
    def status(self) -> Literal["healthy", "failing", "paused", "disabled"]:
        """As the API shows it."""
        if self.disabled_reason:
            return "disabled"
        if self.paused:
            return "paused"
        return "failing" if self.failing_since else "healthy"

    def hears(self, event: Event, *, tags: Collection[str] | None = None) -> bool:
        """Whether `event` is to be delivered here; `tags` are its user's, None where they do not matter."""
        if self.disabled_reason or self.paused:
            return False
        if event.only_endpoint:
            return event.only_endpoint == self.endpoint_id
        app = event.data.get("app")
        tagged = tags is None or not self.user_tags or not set(self.user_tags).isdisjoint(tags)
        return event.type in (self.events or DEFAULT_TYPES) and (not self.apps or app in self.apps) and tagged

    def rotated(self, sealed_secret: bytes, *, old_until: datetime) -> "Endpoint":
        """The new secret signs at once, the old one beside it until `old_until`."""
        return replace(
            self,
            sealed_secret=sealed_secret,
            secret_generation=self.secret_generation + 1,
            sealed_old_secret=self.sealed_secret,
            old_until=old_until,
        )

    def after(self, *, ok: bool, status: int | None, at: datetime) -> "Endpoint":
        """Its health after an attempt: 410 disables at once, five days of failure do too."""
        if ok:
            return replace(self, failing_since=None)
        since = self.failing_since or at
        reason = "gone" if status == 410 else "failing_for_five_days" if at - since >= DISABLED_AFTER else None
        return replace(self, failing_since=since, disabled_reason=self.disabled_reason or reason)

    def shown(self) -> dict[str, object]:
        """Never the secret."""
        return {
            "endpointId": self.endpoint_id,
            "url": self.url,
            "events": list(self.events or DEFAULT_TYPES),
            "apps": list(self.apps),
            "userTags": list(self.user_tags),
            "description": self.description,
            "status": self.status,
            "failingSince": iso_or_none(self.failing_since),
            "disabledReason": self.disabled_reason,
            "createdAt": iso(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to a receiver."""

    at: datetime
    status: int | None
    duration_ms: int
    error: str | None = None

    @property
    def ok(self) -> bool:
        """2xx is success; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint."""

    workspace_id: WorkspaceId
    event_id: str
    endpoint_id: str
    delivery_id: str
    status: Literal["pending", "delivered", "failed", "exhausted"] = "pending"
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: datetime | None = None

    def after(self, attempt: Attempt, *, jitter: float, retry_after: timedelta | None = None) -> "Delivery":
        """The delivery with one more attempt. `jitter` in [0, 1) adds up to a tenth to the wait."""
        attempts = (*self.attempts, attempt)
        if attempt.ok:
            return replace(self, attempts=attempts, status="delivered", next_attempt_at=None)
        if attempt.status == 410 or len(attempts) >= len(WAITS):
            return replace(self, attempts=attempts, status="exhausted", next_attempt_at=None)
        wait = WAITS[len(attempts)] * (1 + jitter / 10)
        return replace(self, attempts=attempts, next_attempt_at=attempt.at + max(wait, retry_after or wait))

    def again(self, *, at: datetime) -> "Delivery":
        """A replay: the same id and event, ten attempts from now."""
        return replace(self, status="pending", attempts=(), next_attempt_at=at)

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "deliveryId": self.delivery_id,
            "eventId": self.event_id,
            "endpointId": self.endpoint_id,
            "status": self.status,
            "attempts": [
                {"at": iso(each.at), "status": each.status, "durationMs": each.duration_ms, "error": each.error}
                for each in self.attempts
            ],
            "nextAttemptAt": iso_or_none(self.next_attempt_at),
        }


def delivery_for(event: Event, endpoint: Endpoint) -> Delivery:
    """The same delivery each time: a second fan-out of the same event opens nothing new."""
    digest = hashlib.sha256(f"{event.event_id}|{endpoint.endpoint_id}".encode()).hexdigest()[:26]
    time_part = event.event_id.removeprefix("evt_")[:10]
    return Delivery(
        workspace_id=event.workspace_id,
        event_id=event.event_id,
        endpoint_id=endpoint.endpoint_id,
        delivery_id=f"dlv_{time_part}{digest}",
        next_attempt_at=event.at,
    )
