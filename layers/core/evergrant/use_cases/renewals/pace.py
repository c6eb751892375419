"""Whether a worker may ask an app now: inside its limits, unless waiting would cost the credential its life."""

from datetime import datetime, timedelta

from evergrant.domain.credential import Credential
from evergrant.domain.renewal.pace import lane_of, pace_of, wait
from evergrant.ports.pacing import Pacing
from evergrant.ports.workspaces import Apps


def put_off(read: Credential, *, apps: Apps, pacing: Pacing, at: datetime) -> timedelta | None:
    """How long it waits; None when it may ask now: it has a token, it can wait no longer, or there is no one to ask."""
    app = apps.find(read.workspace_id, read.app)
    method = app and app.method(read.way_used)
    if app is None or method is None or not (read.renewable or method.probe):
        return None
    lane = lane_of(read, at=at)
    if pacing.take(read, pace_of(app.rate_limits, lane=lane), lane=lane, at=at):
        return None
    longest = wait(read, at=at)
    if longest is None:
        pacing.jumped(read, at=at)
    return longest
