"""What an endpoint missed while it failed and was disabled: offered when it is woken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.domain.times import iso
from evergrant.domain.webhooks import WAITS, Endpoint, delivery_for
from evergrant.ports.system import Clock
from evergrant.ports.webhooks import Webhooks
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.webhooks.fan_out import hearers
from evergrant.use_cases.webhooks.replay import LONGEST, PAGE, PAGES

TRIED_FOR = sum(WAITS, timedelta()) * 1.1
"""The deliveries that were under way when it began to fail are no older."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Where a replay would begin, and how much it would send; `is_all`: everything since then was looked at."""

    since: datetime
    count: int
    is_all: bool

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        return {"since": iso(self.since), "count": self.count, "isAll": self.is_all}


def missed_by(was: Endpoint, *, webhooks: Webhooks, directory: Directory, clock: Clock) -> Missed:
    """Of an endpoint as it was while disabled: what a replay with `onlyFailed` from `since` on sends."""
    begun = clock.now()
    since = max((was.failing_since or begun) - TRIED_FOR, was.created_at)
    count, after = 0, None
    for _ in range(PAGES):
        page = webhooks.events(was.workspace_id, since=since, limit=PAGE, after=after)
        wanted = [each for each in page.items if hearers(each, [was], directory=directory)]
        ids = [(each.event_id, delivery_for(each, was).delivery_id) for each in wanted]
        known = [webhooks.delivery(was.workspace_id, *each) for each in ids]
        count += sum(each is not None and each.did_not_arrive for each in known)
        after = page.next
        if after is None:
            return Missed(since, count, is_all=True)
        if clock.now() - begun >= LONGEST:
            break
    return Missed(since, count, is_all=False)
