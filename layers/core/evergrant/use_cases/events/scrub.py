"""After a user's deletion: the e-mail address goes from every event that is kept, with whatever echoed it."""

from evergrant.domain.ids import UserId, WorkspaceId
from evergrant.ports.queues import Queue
from evergrant.ports.webhooks import Webhooks

PAGE, PAGES = 100, 10
"""Of one message: it must end well within its function's time."""


def scrub_events(
    workspace_id: WorkspaceId, user_id: UserId, *, after: str | None, webhooks: Webhooks, cleanups: Queue
) -> int:
    """How many events of a part were scrubbed; the next part is queued. Safe to run twice, or again from anywhere."""
    count = 0
    for _ in range(PAGES):
        page = webhooks.events(workspace_id, since=None, limit=PAGE, after=after)
        for event in page.items:
            if event.user_id == user_id and event.has_address:
                webhooks.scrub(event)
                count += 1
        after = page.next
        if after is None:
            return count
    cleanups.send([scrubbing(workspace_id, user_id, after=after)])
    return count


def scrubbing(workspace_id: WorkspaceId, user_id: UserId, *, after: str | None = None) -> dict[str, object]:
    """The message that asks for it."""
    return {"action": "scrub_events", "workspaceId": workspace_id, "userId": user_id, "after": after}
