"""How much may happen at once, and how far the sweep has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from evergrant.domain.credential import Credential
from evergrant.domain.ids import EndpointId, WorkspaceId
from evergrant.domain.webhooks import Endpoint

if TYPE_CHECKING:
    from evergrant.domain.renewal.brake import Tally
    from evergrant.domain.renewal.pace import Lane, Pace


class Rates(Protocol):
    """How fast each workspace may make things."""

    def take(self, workspace_id: WorkspaceId, *, at: datetime) -> None:
        """One of its tokens. Raises: TooManyRequestsError when there is none."""
        ...


class Pacing(Protocol):
    """How the renewals of an app in a workspace go, minute by minute."""

    def take(self, credential: Credential, pace: "Pace", *, lane: "Lane", at: datetime) -> bool:
        """One of the app's tokens for a renewal or check, which counts it; False when there is none."""
        ...

    def jumped(self, credential: Credential, *, at: datetime) -> None:
        """One that did not wait for a token."""
        ...

    def died(self, credential: Credential, *, at: datetime) -> "Sequence[Tally]":
        """Count one; the minutes of the brake's window, the newest first, this one among them."""
        ...


class SweepCursor(Protocol):
    """How far the sweep has come, in minutes since the epoch."""

    def read(self) -> int | None: ...
    def move(self, minute: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """One endpoint's room for one attempt, until its own end."""

    workspace_id: WorkspaceId
    endpoint_id: EndpointId
    number: int
    until: datetime


class Slots(Protocol):
    """How many attempts are at an endpoint; a worker that dies gives its slot back by time alone."""

    def take(self, endpoint: Endpoint, *, at: datetime) -> Slot | None:
        """None when all are taken that the endpoint may have at once."""
        ...

    def give_back(self, slot: Slot) -> None:
        """It may have ended, and be another's by now; then nothing happens."""
        ...
