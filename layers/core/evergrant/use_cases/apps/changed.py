"""After an entry has changed: credentials whose secret would now go elsewhere are `expired` until reconnected."""

from evergrant.domain.app import App
from evergrant.domain.credential import Credential
from evergrant.domain.errors import AppMisconfiguredError, SealBrokenError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.rendering import hosts
from evergrant.domain.secret import Secret
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.queues import Queue
from evergrant.ports.sealing import Sealer
from evergrant.ports.workspaces import Apps, Directory
from evergrant.use_cases.renewals.renewer import Renewer

REASON = "app_changed"
USERS_AT_ONCE = 50
AT_MOST_EACH = 100


def goes_elsewhere(before: App | None, after: App | None) -> bool:
    """Whether a secret that was given under the entry before could go to a host that it did not name."""
    if before is None:
        return False
    for way in before.methods:
        now = after and after.method(way.way)
        if now is None or not now.rules_of_hosts(now.urls()) <= way.rules_of_hosts(way.urls()):
            return True
    return False


def expire_changed(
    workspace_id: WorkspaceId,
    app: str,
    *,
    after: str | None,
    apps: Apps,
    directory: Directory,
    credentials: CredentialStore,
    sealer: Sealer,
    renewer: Renewer,
    cleanups: Queue,
) -> int:
    """Some users' credentials, and a message for the next; how many ended. Safe to run twice.

    Raises: UnavailableError; then the message comes again.
    """
    entry = apps.find(workspace_id, app)
    page = directory.users(workspace_id, limit=USERS_AT_ONCE, after=after)
    count = 0
    for user in page.items:
        held = credentials.of_user(workspace_id, user.user_id, app=app, limit=AT_MOST_EACH, after=None)
        for credential in held.items:
            if credential.status != "expired" and not _still_covered(credential, entry, sealer):
                renewer.expire(credential, REASON)
                count += 1
    if page.next:
        message = {"action": "app_changed", "workspaceId": workspace_id, "app": app, "after": page.next}
        cleanups.send([message])
    return count


def _still_covered(credential: Credential, entry: App | None, sealer: Sealer) -> bool:
    way = entry and entry.method(credential.way_used)
    if way is None:
        return False
    try:
        secret = Secret.from_bytes(sealer.open(credential.sealed, credential.seal_context()))
        return set(hosts(way, credential.variables)) <= set(secret.hosts)
    except SealBrokenError:
        return True  # Not this job's to judge: reading it says so, with its alarm.
    except AppMisconfiguredError:
        return False
