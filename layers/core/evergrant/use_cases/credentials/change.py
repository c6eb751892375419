"""PATCH /credentials/{credentialId}: rename, tag, or replace a static secret in place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import SecretStr
from pydantic.alias_generators import to_camel

from evergrant.domain.caller import Actor
from evergrant.domain.credential import Credential
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.events import EventType
from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import CHECK_EVERY, next_due
from evergrant.ports import Apps, Clock, CredentialStore, Entropy, Minting, Sealer
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.credentials.entry import read_entry
from evergrant.use_cases.credentials.read import read_for
from evergrant.use_cases.credentials.sealing import with_entry
from evergrant.use_cases.recording import audit_line, credential_event


@dataclass(frozen=True, slots=True)
class CredentialChanges:
    """What a caller wants changed; `plain` has only the fields it named (`name`, `tags`, `expires_at`)."""

    plain: Mapping[str, object] = field(default_factory=dict[str, object])
    data: Mapping[str, SecretStr] | None = None


def change_credential(
    caller: Actor,
    credential_id: CredentialId,
    changes: CredentialChanges,
    *,
    apps: Apps,
    credentials: CredentialStore,
    sealer: Sealer,
    minting: Callable[[], Minting],
    clock: Clock,
    entropy: Entropy,
    check_every: timedelta = CHECK_EVERY,
) -> Credential:
    """The same id all along. A new secret makes it `active` again.

    Raises: NotFoundError, ValidationFailedError, ConflictError when it was changed meanwhile.
    """
    read = read_for(caller, credential_id, credentials=credentials, clock=clock)
    now = clock.now()
    _refuse_past(changes.plain.get("expires_at"), now)
    new = read.changed(at=now, **changes.plain)
    if changes.data is not None:
        entry = read_entry(named_app(caller.workspace_id, read.app, path="type", apps=apps), changes.data, root="data")
        fresh = new.changed(
            at=now,
            version=new.version,
            generation=read.generation + 1,
            status="active",
            failures=0,
            last_failure=None,
            lease_until=None,
        )
        new = with_entry(fresh, entry, at=now, root="data", sealer=sealer, minting=minting)
    if changes.data is not None or "expires_at" in changes.plain:
        # A renewal that began before must see this: its outcome is refused until it has read the row again.
        new = replace(new, fence=read.fence + 1, due_at=next_due(new, at=now, check_every=check_every))
    reconnected = changes.data is not None and read.status == "expired"
    type_: EventType = "credential.reconnected" if reconnected else "credential.updated"
    changed: list[str] = sorted([*changes.plain, *(["data"] if changes.data is not None else [])])
    shown = [to_camel(name) for name in changed]
    credentials.change(
        new,
        read=read,
        event=credential_event(type_, new, at=now, entropy=entropy, changed=shown),
        audit=audit_line(type_, new, actor=caller.actor, at=now, entropy=entropy, changed=" ".join(shown)),
    )
    return new


def _refuse_past(expires_at: object, now: datetime) -> None:
    if isinstance(expires_at, datetime) and expires_at <= now:
        raise ValidationFailedError([Detail("expiresAt", "This time is over. Send a key that still works.")])
