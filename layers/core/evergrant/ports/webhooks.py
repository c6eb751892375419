"""Events, deliveries, and the ways to an endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.replays import Replay
from evergrant.domain.webhooks import Delivery, Endpoint
from evergrant.ports.pages import Page


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to an endpoint: the bytes that are signed, and what goes beside them."""

    event: Event
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one attempt; the names are those of `Attempt`."""

    status: int | None
    response: str | None
    error: str | None = None
    retry_after: timedelta | None = None


class Carrier(Protocol):
    """The way to the endpoints of one type."""

    def bring(self, message: Message, address: str) -> Reply:
        """A refusal is a reply. Raises: ProviderTimeoutError; ProviderError where nobody answered."""
        ...


class Webhooks(Protocol):
    """Events, the endpoints that hear of them, and the deliveries between."""

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """A new one."""
        ...

    def change_endpoint(self, new: Endpoint, *, read: Endpoint) -> bool:
        """What its owner sets, and counted in `version`; False when the owner's part is not as it was read."""
        ...

    def note_health(self, new: Endpoint, *, read: Endpoint, event: Event | None) -> bool:
        """Its health alone, with the event that tells of it; False when it is not as it was read, or gone."""
        ...

    def endpoint(self, workspace_id: WorkspaceId, endpoint_id: str) -> Endpoint | None: ...
    def endpoints(self, workspace_id: WorkspaceId) -> Sequence[Endpoint]:
        """In the order of their creation."""
        ...

    def delete_endpoint(self, endpoint: Endpoint) -> None: ...
    def put_event(self, event: Event) -> None: ...
    def event(self, workspace_id: WorkspaceId, event_id: str) -> Event | None: ...
    def events(
        self, workspace_id: WorkspaceId, *, since: datetime | None, limit: int, after: str | None
    ) -> Page[Event]:
        """Newest first."""
        ...

    def count_events(self, workspace_id: WorkspaceId, *, since: datetime, until: datetime, most: int) -> int | None:
        """None where there are more than `most`."""
        ...

    def scrub(self, event: Event) -> None:
        """Its user's address goes, a credential's name that holds one, and what receivers answered."""
        ...

    def mark_fanned_out(self, event: Event) -> None:
        """The sweep need not look for it any more."""
        ...

    def open_delivery(self, delivery: Delivery) -> None:
        """Once: a delivery that is there already stays as it is."""
        ...

    def delivery(self, workspace_id: WorkspaceId, event_id: str, delivery_id: str) -> Delivery | None: ...
    def deliveries(self, workspace_id: WorkspaceId, event_id: str) -> Sequence[Delivery]: ...
    def change_delivery(self, delivery: Delivery, *, attempts_read: int, queued: bool) -> None:
        """`queued`: the queue has it too. Raises: ConflictError when another worker made an attempt meanwhile."""
        ...

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[str, datetime]]:
        """What waits in the index, and when: a delivery, `<workspace>/<event>/<delivery>`; an event that was not
        fanned out, `<workspace>/<event>`; or a replay that runs, `<workspace>/<replay>`.
        """
        ...


class Replays(Protocol):
    """Replays, and how far each is."""

    def open(self, replay: Replay) -> Replay:
        """Once: where one of this id is there already, that one."""
        ...

    def replay(self, workspace_id: WorkspaceId, replay_id: str) -> Replay | None: ...
    def replays(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[Replay]:
        """Newest first."""
        ...

    def change(self, new: Replay, *, read: Replay) -> bool:
        """False when it is not as it was read, or runs no more."""
        ...
