"""A provider that answers by a form (`response_mode=form_post`): no Lax cookie comes with a post from another site.

So the answer is sealed under a random handle, and the browser comes for it by a GET, with its cookie.
"""

import json
from collections.abc import Mapping
from datetime import timedelta

from pydantic import SecretBytes, SecretStr

from evergrant.domain import bearer
from evergrant.domain.authorization import SECRET_BYTES
from evergrant.domain.errors import ConnectError
from evergrant.domain.ids import is_identifier
from evergrant.domain.sealing import SealContext
from evergrant.ports.connecting import Authorizations
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy

LIFETIME = timedelta(minutes=1)


def hold_posted(
    workspace_id: str,
    app: str,
    parameters: Mapping[str, str],
    *,
    authorizations: Authorizations,
    sealer: Sealer,
    clock: Clock,
    entropy: Entropy,
) -> SecretStr:
    """The handle. Raises: ConnectError where it could be no app's answer."""
    state = parameters.get("state")
    # Anybody may post here: nothing is kept, and no key is asked for, unless it answers what we asked.
    if not is_identifier(workspace_id, "ws") or not state or not authorizations.awaits(bearer.digest(state)):
        raise ConnectError("This address is for an app's answer. Begin again.", code="state_unknown")
    handle = entropy.token(SECRET_BYTES)
    sealed = sealer.seal(SecretBytes(json.dumps(dict(parameters)).encode()), _context(workspace_id, app, handle))
    authorizations.hold(_digest(workspace_id, app, handle), sealed, until=clock.now() + LIFETIME)
    return SecretStr(handle)


def posted(
    workspace_id: str, app: str, handle: str, *, authorizations: Authorizations, sealer: Sealer, clock: Clock
) -> dict[str, str]:
    """What was posted to this very address. Raises: ConnectError (`state_unknown`)."""
    held = authorizations.held(_digest(workspace_id, app, handle), at=clock.now())
    if held is None:
        raise ConnectError("This answer is over. Begin again.", code="state_unknown")
    found: dict[str, str] = json.loads(sealer.open(held, _context(workspace_id, app, handle)).get_secret_value())
    return found


def _context(workspace_id: str, app: str, handle: str) -> SealContext:
    return SealContext(workspace_id, "", _digest(workspace_id, app, handle), app, 0, "posted")


def _digest(workspace_id: str, app: str, handle: str) -> str:
    """Of the address too: elsewhere the handle is unknown."""
    return bearer.digest(f"{workspace_id}/{app}/{handle}")
