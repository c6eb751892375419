"""Webhook endpoints and deliveries: who hears of what, and when it is tried again."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.errors import ConflictError
from evergrant.domain.events import DEFAULT_TYPES, Event
from evergrant.domain.ids import EndpointId, WorkspaceId
from evergrant.domain.targets import TARGETS, TargetType
from evergrant.domain.times import iso, iso_or_none

WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""Ten attempts over 75.6 hours, as Standard Webhooks recommends; each wait follows the attempt before it."""
DISABLED_AFTER = timedelta(days=5)
QUEUE_DELAY_LIMIT = timedelta(minutes=15)
"""SQS delays a message by this at most; longer waits stand in the due index."""
SHORTEST_PAUSE = timedelta(minutes=1)
AT_ONCE, AT_ONCE_WHILE_FAILING = 3, 1
"""Attempts at one endpoint at a time: of the workers, one that hangs never holds up all."""
LEAST_HELD_UP, MOST_HELD_UP = timedelta(seconds=5), timedelta(minutes=5)
RESPONSE_BYTES = 2048
MOST_OLD_SECRETS = 10
"""Each signs every delivery: the header that holds the signatures must stay short."""


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A signing secret that was rotated out, and signs until its end."""

    sealed: bytes
    generation: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver. Its signing secret is sealed."""

    workspace_id: WorkspaceId
    endpoint_id: EndpointId
    url: str | None
    created_at: datetime
    sealed_secret: bytes
    """Empty where its type is not signed."""
    type: TargetType = "webhook"
    arn: str | None = None
    events: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    user_tags: tuple[str, ...] = ()
    description: str | None = None
    paused: bool = False
    failing_since: datetime | None = None
    disabled_reason: str | None = None
    secret_generation: int = 1
    old_secrets: tuple[OldSecret, ...] = ()
    version: int = 1
    """Counts what its owner changes; its health does not count."""

    @property
    def status(self) -> Literal["healthy", "failing", "paused", "disabled"]:
        """As the API shows it."""
        if self.disabled_reason:
            return "disabled"
        if self.paused:
            return "paused"
        return "failing" if self.failing_since else "healthy"

    @property
    def address(self) -> str:
        """Where it is, in the field that its type has for that."""
        return getattr(self, TARGETS[self.type].field)

    @property
    def types(self) -> tuple[str, ...]:
        """The events that it hears."""
        return tuple(dict.fromkeys((*(self.events or DEFAULT_TYPES), *TARGETS[self.type].always)))

    @property
    def is_awake(self) -> bool:
        """Whether anything is sent there now."""
        return not (self.disabled_reason or self.paused)

    def hears(self, event: Event, *, tags: Collection[str] | None = None) -> bool:
        """Whether `event` is for it, asleep or not; `tags` are its user's, None where they do not matter."""
        if event.only_endpoint:
            return event.only_endpoint == self.endpoint_id
        app = event.data.get("app")
        fits = not self.apps or app is None or app in self.apps
        tagged = tags is None or not self.user_tags or not set(self.user_tags).isdisjoint(tags)
        return event.type in self.types and fits and tagged

    @property
    def at_once(self) -> int:
        """How many attempts there may be at a time."""
        return AT_ONCE_WHILE_FAILING if self.failing_since else AT_ONCE

    def rotated(self, sealed_secret: bytes, *, at: datetime, overlap: timedelta) -> "Endpoint":
        """The new secret signs at once; the one before beside it, and those before until their own ends.

        Without an overlap all of them end now. Raises: ConflictError (`too_many_secrets`).
        """
        before = (*self.old_secrets, OldSecret(self.sealed_secret, self.secret_generation, at + overlap))
        old = tuple(each for each in before if each.until > at) if overlap else ()
        if len(old) > MOST_OLD_SECRETS:
            raise ConflictError(
                f"{MOST_OLD_SECRETS} older secrets still sign. Wait for one to end, or end all with overlapSeconds 0.",
                code="too_many_secrets",
            )
        return replace(self, sealed_secret=sealed_secret, secret_generation=self.secret_generation + 1, old_secrets=old)

    def check_signed(self) -> None:
        """Raises: ConflictError (`endpoint_not_signed`)."""
        if not TARGETS[self.type].is_signed:
            raise ConflictError(
                f"An endpoint of type `{self.type}` has no secret: IAM says who may put events there.",
                code="endpoint_not_signed",
            )

    def signing(self, *, at: datetime) -> list[tuple[bytes, int]]:
        """The sealed secrets that sign now, with their generations; the newest first; none where nothing is signed."""
        if not TARGETS[self.type].is_signed:
            return []
        old = [(each.sealed, each.generation) for each in self.old_secrets if each.until > at]
        return [(self.sealed_secret, self.secret_generation), *reversed(old)]

    def woken(self) -> "Endpoint":
        """Active again: what made it fail is forgiven."""
        return replace(self, paused=False, failing_since=None, disabled_reason=None)

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
            "type": self.type,
            "url": self.url,
            "arn": self.arn,
            "events": list(self.types),
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
    """One try to bring an event to a receiver."""

    at: datetime
    status: int | None
    """HTTP's: the receiver's own, or that of AWS where it took the event or refused the whole call."""
    duration_ms: int
    error: str | None = None
    response: str | None = None
    """The first of what the receiver answered, for whoever looks for its mistake; never a header of it. Of a bus or a
    queue: the id that AWS gave the event there, or its error's code."""

    @property
    def ok(self) -> bool:
        """2xx is success; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. `failed`: and it will be tried again; `exhausted`: and it will not."""

    workspace_id: WorkspaceId
    event_id: str
    endpoint_id: str
    delivery_id: str
    event_at: datetime
    type: TargetType = "webhook"
    """Its endpoint's."""
    status: Literal["pending", "delivered", "failed", "exhausted"] = "pending"
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: datetime | None = None
    replay_id: str | None = None
    """The replay that opened it again last."""

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be done."""
        return self.next_attempt_at is not None

    @property
    def did_not_arrive(self) -> bool:
        """It failed, or ended without an attempt; of one that was never tried yet nothing can be said."""
        return self.status in {"failed", "exhausted"}

    @property
    def message(self) -> dict[str, object]:
        """What the queue is told of it."""
        return {"workspaceId": self.workspace_id, "eventId": self.event_id, "deliveryId": self.delivery_id}

    def after(self, attempt: Attempt, *, jitter: float, retry_after: timedelta | None = None) -> "Delivery":
        """The delivery with one more attempt. `jitter` in [0, 1) adds up to a tenth to the wait."""
        attempts = (*self.attempts, attempt)
        if attempt.ok:
            return replace(self, attempts=attempts, status="delivered", next_attempt_at=None)
        if attempt.status == 410 or len(attempts) >= len(WAITS):
            return replace(self, attempts=attempts, status="exhausted", next_attempt_at=None)
        wait = WAITS[len(attempts)] * (1 + jitter / 10)
        next_attempt_at = attempt.at + max(wait, retry_after or wait)
        return replace(self, attempts=attempts, status="failed", next_attempt_at=next_attempt_at)

    def put_off(self, *, at: datetime) -> "Delivery":
        """Its endpoint is paused, or its key away: look again after as long as the event has waited by now.

        15 minutes at most.
        """
        wait = min(max(at - self.event_at, SHORTEST_PAUSE), QUEUE_DELAY_LIMIT)
        return replace(self, next_attempt_at=at + wait)

    def held_up(self, *, at: datetime, jitter: float) -> "Delivery":
        """Others are at its endpoint: look again after about as long as it has waited by now.

        Spread by `jitter` in [0, 1), so that what waits together does not come back together.
        """
        wait = min(max(at - self.event_at, LEAST_HELD_UP), MOST_HELD_UP) * (0.5 + jitter)
        return replace(self, next_attempt_at=at + wait)

    def ended(self) -> "Delivery":
        """Its endpoint is gone or disabled: not tried again by itself; a replay can."""
        return replace(self, status="exhausted", next_attempt_at=None)

    def again(self, *, at: datetime, replay_id: str | None = None) -> "Delivery":
        """A replay: the same id and event, ten attempts from now."""
        return replace(self, status="pending", attempts=(), next_attempt_at=at, replay_id=replay_id)

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "deliveryId": self.delivery_id,
            "eventId": self.event_id,
            "endpointId": self.endpoint_id,
            "status": self.status,
            "attempts": [
                {
                    "at": iso(each.at),
                    "status": each.status,
                    "durationMs": each.duration_ms,
                    "error": each.error,
                    "response": each.response,
                    # The signature is left out: a log is no place for what proves that we sent something.
                    "requestHeaders": request_headers(self.type, self.event_id, each.at),
                }
                for each in self.attempts
            ],
            "nextAttemptAt": iso_or_none(self.next_attempt_at),
        }


def kept_response(body: bytes) -> str | None:
    """Its first 2 KiB as text, with a sign for all that a terminal or a page would act upon; None for no answer."""
    text = body[:RESPONSE_BYTES].decode("utf-8", "replace")
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text) or None


def request_headers(type_: TargetType, event_id: str, at: datetime) -> dict[str, str]:
    """What each attempt says of itself (Standard Webhooks) beside its signatures, where there is a place for it."""
    said = {
        "content-type": "application/json",
        "user-agent": "Evergrant",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
    }
    return {name: said[name] for name in TARGETS[type_].headers}


def delivery_for(event: Event, endpoint: Endpoint) -> Delivery:
    """The same delivery each time: a second fan-out of the same event opens nothing new.

    At a paused endpoint it waits; at a disabled one it has ended, and stands there as missed.
    """
    digest = hashlib.sha256(f"{event.event_id}|{endpoint.endpoint_id}".encode()).hexdigest()[:26]
    time_part = event.event_id.removeprefix("evt_")[:10]
    delivery = Delivery(
        workspace_id=event.workspace_id,
        event_id=event.event_id,
        endpoint_id=endpoint.endpoint_id,
        delivery_id=f"dlv_{time_part}{digest}",
        event_at=event.at,
        type=endpoint.type,
        next_attempt_at=event.at,
    )
    return delivery.ended() if endpoint.disabled_reason else delivery
