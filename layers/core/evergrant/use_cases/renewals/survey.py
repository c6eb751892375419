"""How renewals are doing, by app: for the operator, who asks seldom and may wait."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from evergrant.ports.credentials import CredentialStates
from evergrant.ports.system import Clock


@dataclass(frozen=True, slots=True)
class Survey:
    """Counts of one part of the table, by app; and where the next begins."""

    apps: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict[str, Counter[str]](Counter))
    after: str | None = None

    def shown(self) -> dict[str, object]:
        """As the command line adds it up. Failures are counted by their codes."""
        return {"apps": {app: dict(counts) for app, counts in self.apps.items()}, "after": self.after}


def survey(after: str | None, *, rows: CredentialStates, clock: Clock, has_time: Callable[[], bool]) -> Survey:
    """Of each app: how many there are, in which status, due by now, being renewed; and what went wrong last."""
    now = clock.now()
    found = Survey()
    while True:
        page = rows.page(after)
        for each in page.items:
            counts = found.apps[each.app]
            counts["all"] += 1
            counts[each.status] += 1
            counts["due"] += each.due_at is not None and each.due_at <= now
            counts["renewing"] += each.lease_until is not None and each.lease_until > now
            if each.failure:
                counts[f"failure:{each.failure}"] += 1
        after = page.next
        if after is None or not has_time():
            return Survey(found.apps, after)
