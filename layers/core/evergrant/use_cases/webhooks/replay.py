"""Sending the events of a time again to an endpoint: begun with the request, finished in the background.

A part reads a page of events, opens their deliveries under the replay's id, queues them, and moves the replay on.
Killed between any two of these it is done again: what was opened under its id counts, and is not sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.domain.caller import Caller
from evergrant.domain.errors import NotFoundError
from evergrant.domain.events import Event
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.replays import FORGOTTEN, Replay, Window
from evergrant.domain.webhooks import Endpoint, delivery_for
from evergrant.ports.pages import Page
from evergrant.ports.queues import Queue
from evergrant.ports.system import Clock, Identities
from evergrant.ports.webhooks import Replays, Webhooks
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.webhooks.again import Again
from evergrant.use_cases.webhooks.endpoints import get_awake
from evergrant.use_cases.webhooks.fan_out import hearers

PAGE, PAGES = 100, 10
"""Of one run; of pages that hold nothing to send too."""
SENT_AT_ONCE = 1000
"""By the request itself, as far as `LONGEST` allows."""
SENT_IN_TURN, TURN_SECONDS = 100, 3
"""By each run after it, and the pause to the next: other endpoints' deliveries get between."""
LONGEST = timedelta(seconds=5)
"""No run begins another page after this."""
COUNTED = 20_000
"""Events that are counted first, to say how far a replay is."""
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Replayer:
    """Does replays, part by part."""

    webhooks: Webhooks
    replays: Replays
    directory: Directory
    deliveries: Queue
    clock: Clock

    def start(
        self,
        caller: Caller,
        endpoint_id: str,
        *,
        since: datetime,
        until: datetime | None,
        types: Sequence[str],
        only_failed: bool,
        identities: Identities,
    ) -> Replay:
        """The replay after its first parts; what is left is queued. Raises: as `get_awake`."""
        endpoint = get_awake(caller, endpoint_id, webhooks=self.webhooks)
        now = self.clock.now()
        end = min(until or now + MILLISECOND, now + MILLISECOND)
        window = Window(_whole(min(since, end)), _whole(end), tuple(types), only_failed)
        asked = Replay(
            workspace_id=caller.workspace_id,
            replay_id=identities.new("rpl"),
            endpoint_id=endpoint.endpoint_id,
            window=window,
            created_at=now,
            look_at=now + FORGOTTEN,
            total=self.webhooks.count_events(caller.workspace_id, since=window.since, until=window.until, most=COUNTED),
        )
        # One that is there already is of a request whose answer was lost.
        opened = self.replays.open(asked)
        return self._run(opened, most=SENT_AT_ONCE) or find_replay(caller, opened.replay_id, replays=self.replays)

    def go_on(self, workspace_id: WorkspaceId, replay_id: str) -> Replay | None:
        """The next parts of a running one; None where there is nothing to do, or another worker did it."""
        replay = self.replays.replay(workspace_id, replay_id)
        return self._run(replay, most=SENT_IN_TURN) if replay and replay.is_running else None

    def _run(self, replay: Replay, *, most: int) -> Replay | None:
        begun, sent_before = self.clock.now(), replay.replayed
        for _ in range(PAGES):
            if not replay.is_running:
                return replay
            new = self._part(replay)
            if not self.replays.change(new, read=replay):
                return None
            replay = new
            if replay.replayed - sent_before >= most or self.clock.now() - begun >= LONGEST:
                break
        if replay.is_running:
            wait = TURN_SECONDS if replay.replayed > sent_before else 0
            self.deliveries.send([replay.message], delay_seconds=wait)
        return replay

    def _part(self, replay: Replay) -> Replay:
        endpoint = self.webhooks.endpoint(replay.workspace_id, replay.endpoint_id)
        stopped = replay.stopped_by(endpoint)
        if endpoint is None or stopped:
            return stopped or replay
        page = self.webhooks.events(replay.workspace_id, since=replay.window.since, limit=PAGE, after=replay.place)
        wanted = self._wanted(replay.window, page, endpoint)
        again = Again(self.webhooks, self.deliveries, self.clock)
        sent = again.send_of(
            replay.replay_id, [delivery_for(each, endpoint) for each in wanted], only_failed=replay.window.only_failed
        )
        return replay.moved(scanned=len(page.items), replayed=sent, after=page.next, at=self.clock.now())

    def _wanted(self, window: Window, page: Page[Event], endpoint: Endpoint) -> list[Event]:
        held = [each for each in page.items if window.holds(each)]
        return [each for each in held if hearers(each, [endpoint], directory=self.directory)]


def find_replay(caller: Caller, replay_id: str, *, replays: Replays) -> Replay:
    """Raises: NotFoundError."""
    found = replays.replay(caller.workspace_id, replay_id)
    if found is None:
        raise NotFoundError("There is no such replay in this workspace. Replays are kept as long as events.")
    return found


def _whole(at: datetime) -> datetime:
    """Milliseconds, rounded up."""
    return at + timedelta(microseconds=-at.microsecond % 1000)
