"""GET /events: what happened, newest first."""

from dataclasses import dataclass
from datetime import datetime

from evergrant.domain.caller import Caller
from evergrant.domain.events import Event, EventType
from evergrant.domain.ids import UserId, is_identifier
from evergrant.ports.pages import Page
from evergrant.ports.webhooks import Webhooks
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.paging import filled
from evergrant.use_cases.users.manage import find_user

PAGE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; None asks for all. `user` is an id or a name."""

    type: EventType | None = None
    credential_id: str | None = None
    user: str | None = None
    since: datetime | None = None


def list_events(
    caller: Caller, wanted: Wanted, *, limit: int, after: str | None, webhooks: Webhooks, directory: Directory
) -> Page[Event]:
    """Raises: NotFoundError for a name that no user has; the events of an id outlive its user."""
    user_id = wanted.user and _user_id(caller, wanted.user, directory=directory)

    def fits(event: Event) -> bool:
        return (
            wanted.type in (None, event.type)
            and wanted.credential_id in (None, event.credential_id)
            and user_id in (None, event.user_id)
        )

    return filled(
        lambda place: webhooks.events(caller.workspace_id, since=wanted.since, limit=PAGE, after=place),
        fits,
        lambda event: event.event_id,
        limit=limit,
        after=after,
    )


def _user_id(caller: Caller, user: str, *, directory: Directory) -> UserId:
    if is_identifier(user, "usr"):
        return UserId(user)
    return find_user(caller, user, directory=directory).user_id
