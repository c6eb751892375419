"""PATCH /credentials/{credentialId}: rename, tag, or replace a static secret in place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import SecretStr
from pydantic.alias_generators import to_camel

from evergrant.domain.app import App, AuthMethod
from evergrant.domain.caller import Actor
from evergrant.domain.credential import Credential
from evergrant.domain.errors import Detail, ValidationFailedError, WrongAccountError
from evergrant.domain.events import EventType
from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import cadence, scheduled
from evergrant.ports.providers import Probing
from evergrant.ports.workspaces import Apps
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.credentials.entry import Places, is_redirect, read_entry
from evergrant.use_cases.credentials.intake import Intake
from evergrant.use_cases.credentials.read import read_for
from evergrant.use_cases.credentials.sealing import with_entry
from evergrant.use_cases.recording import audit_line, credential_event

PLACES = Places("data")


@dataclass(frozen=True, slots=True)
class CredentialChanges:
    """What a caller wants changed; `plain` has only the fields it named (`name`, `tags`, `expires_at`)."""

    plain: Mapping[str, object] = field(default_factory=dict[str, object])
    data: Mapping[str, SecretStr] | None = None
    way: str | None = None
    """Of `data`, where two ways would fit it."""
    pinned: bool = False
    """Typed by a merchant, to connect again what was connected: an owner may move a credential, a merchant may not."""


def change_credential(
    caller: Actor,
    credential_id: CredentialId,
    changes: CredentialChanges,
    *,
    intake: Intake,
    probing: Callable[[], Probing] | None = None,
) -> Credential:
    """The same id all along. A new secret makes it `active` again, with an end of its own or none.

    Raises: NotFoundError, ValidationFailedError (`oauth_app` where a new secret comes through the provider's page
    alone), ConnectError (`wrong_account`), ConflictError when it was changed meanwhile.
    """
    read = read_for(caller, credential_id, credentials=intake.credentials, clock=intake.clock)
    now, entropy = intake.clock.now(), intake.entropy
    _refuse_past(changes.plain.get("expires_at"), now)
    plain = {name: value for name, value in changes.plain.items() if value != getattr(read, name)}
    if not plain and changes.data is None:
        return read
    new = read.changed(at=now, **plain)
    if changes.data is not None:
        app = named_app(caller.workspace_id, read.app, path=PLACES.app, apps=intake.apps)
        _refuse_redirected(read, app)
        entry = read_entry(app, changes.data, places=PLACES, way=changes.way)
        ends = changes.plain.get("expires_at")
        new = with_entry(_emptied(new, ends), entry, at=now, root=PLACES.data, intake=intake, probing=probing)
        _refuse_another_account(read, new, pinned=changes.pinned)
    if changes.data is not None or "expires_at" in plain:
        # A renewal that began before must see this: its outcome is refused until it has read the row again.
        every = cadence(_way_of(new, apps=intake.apps), usual=intake.check_every)
        new = scheduled(replace(new, fence=read.fence + 1), at=now, check_every=every)
    reconnected = changes.data is not None and read.status == "expired"
    type_: EventType = "credential.reconnected" if reconnected else "credential.updated"
    changed: list[str] = sorted([*plain, *(["data"] if changes.data is not None else [])])
    shown = [to_camel(name) for name in changed]
    intake.credentials.change(
        new,
        read=read,
        event=credential_event(type_, new, directory=intake.directory, at=now, entropy=entropy, changed=shown),
        audit=audit_line(type_, new, actor=caller.actor, at=now, entropy=entropy, changed=" ".join(shown)),
    )
    return new


def _way_of(row: Credential, *, apps: Apps) -> AuthMethod | None:
    app = apps.find(row.workspace_id, row.app)
    return app and app.method(row.way_used)


def _emptied(new: Credential, expires_at: object) -> Credential:
    """Of what was known of the old secret, nothing is left."""
    return new.regranted(
        status="active",
        failures=0,
        last_failure=None,
        expires_at=expires_at if isinstance(expires_at, datetime) else None,
        scopes=(),
        missing_scopes=(),
        account_id=None,
        last_verified_at=None,
    )


def _refuse_another_account(read: Credential, new: Credential, *, pinned: bool) -> None:
    """Where the provider says whose both are; where it does not, a merchant stays with the place there was."""
    if None not in (read.account_id, new.account_id):
        if read.account_id != new.account_id:
            raise WrongAccountError
    elif pinned and read.is_elsewhere(new.variables):
        raise WrongAccountError


def _refuse_redirected(read: Credential, app: App) -> None:
    way = app.method(read.way_used)
    if read.kind == "oauth2" or (way is not None and is_redirect(way)):
        message = f"{app.name} was connected by OAuth: send the user through GET /oauthUrl to connect it again."
        raise ValidationFailedError([Detail(PLACES.data, message)], message=message, code="oauth_app")


def _refuse_past(expires_at: object, now: datetime) -> None:
    if isinstance(expires_at, datetime) and expires_at <= now:
        raise ValidationFailedError([Detail("expiresAt", "This time is over. Send a key that still works.")])
