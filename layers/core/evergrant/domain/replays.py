"""Replays: which events are sent again to one endpoint, and how far that is."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId, time_floor
from evergrant.domain.times import iso
from evergrant.domain.webhooks import Endpoint

FORGOTTEN = timedelta(minutes=2)
"""What the queue did not bring in this time, the sweep looks for."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which events: whole milliseconds, as the ids of events have them; `until` is left out itself."""

    since: datetime
    until: datetime
    types: tuple[str, ...] = ()
    only_failed: bool = False

    def holds(self, event: Event) -> bool:
        """Whether the event is asked for, as far as it says itself."""
        return event.at < self.until and (not self.types or event.type in self.types)


@dataclass(frozen=True, slots=True)
class Replay:
    """Work that is done in parts, newest event first; each part is counted once, however often it is begun."""

    workspace_id: WorkspaceId
    replay_id: str
    endpoint_id: str
    window: Window
    created_at: datetime
    look_at: datetime
    """While it runs: when the sweep is to look whether its message was lost."""
    total: int | None = None
    """Events of the time, of all types; None where they are too many to count first."""
    scanned: int = 0
    replayed: int = 0
    state: Literal["running", "done", "failed"] = "running"
    reason: str | None = None
    """Of one that failed: `endpoint_deleted` or `endpoint_disabled`."""
    after: str | None = None
    """The place in the list of events where the next part begins."""
    step: int = 0
    """Counts the parts: of two workers at the same one, one is believed."""

    @property
    def is_running(self) -> bool:
        """Whether a part is still to be done."""
        return self.state == "running"

    @property
    def place(self) -> str:
        """Where it stands in the list of events, the newest of which come first."""
        return self.after or time_floor("evt", at=self.window.until)

    @property
    def message(self) -> dict[str, object]:
        """What the queue is told of it."""
        return {"workspaceId": self.workspace_id, "replayId": self.replay_id}

    def stopped_by(self, endpoint: Endpoint | None) -> "Replay | None":
        """Failed, where nothing can be sent there any more. At one that is paused all of it waits."""
        if endpoint and not endpoint.disabled_reason:
            return None
        return replace(self, state="failed", reason="endpoint_disabled" if endpoint else "endpoint_deleted")

    def moved(self, *, scanned: int, replayed: int, after: str | None, at: datetime) -> "Replay":
        """One part further; without a place to go on it is done."""
        return replace(
            self,
            scanned=self.scanned + scanned,
            replayed=self.replayed + replayed,
            after=after,
            state="running" if after else "done",
            step=self.step + 1,
            look_at=at + FORGOTTEN,
        )

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "replayId": self.replay_id,
            "endpointId": self.endpoint_id,
            "state": self.state,
            "reason": self.reason,
            "since": iso(self.window.since),
            "until": iso(self.window.until),
            "types": list(self.window.types),
            "onlyFailed": self.window.only_failed,
            "total": self.total,
            "scanned": self.scanned,
            "replayed": self.replayed,
            "createdAt": iso(self.created_at),
        }
