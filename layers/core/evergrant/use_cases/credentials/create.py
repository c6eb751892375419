"""POST /credentials: take a static secret, check its shape, seal it, and keep it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import SecretStr

from evergrant.domain.caller import Actor
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConflictError, ValidationFailedError
from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import cadence, scheduled
from evergrant.ports.providers import Probing
from evergrant.ports.system import Identities
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.credentials.entry import IN_CREDENTIAL, Places, read_entry, redirect_of_tokens
from evergrant.use_cases.credentials.intake import Intake
from evergrant.use_cases.credentials.read import own
from evergrant.use_cases.credentials.sealing import with_entry
from evergrant.use_cases.recording import audit_line, credential_event
from evergrant.use_cases.users.manage import find_user

if TYPE_CHECKING:
    from evergrant.use_cases.connect.imported import Importer


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a caller sends: `data` by the app's own property names."""

    type: str
    data: Mapping[str, SecretStr]
    name: str | None = None
    tags: tuple[str, ...] = ()
    expires_at: datetime | None = None
    way: str | None = None
    """Which of the app's ways; None: the first that fits."""
    renew: bool = False
    """Whether tokens that were obtained elsewhere are proved by a first renewal."""


def create_credential(
    caller: Actor,
    user: str,
    new: NewCredential,
    *,
    intake: Intake,
    identities: Identities,
    places: Places = IN_CREDENTIAL,
    probing: Callable[[], Probing] | None = None,
    importer: Callable[[], "Importer"] | None = None,
) -> Credential:
    """Sealed and stored, with its event and its audit line, in one transaction.

    With `importer`, tokens of a redirect are taken too: they were obtained elsewhere with the workspace's own client.

    Raises: NotFoundError for the user; ValidationFailedError naming every path (`oauth_app` where the app
    authenticates by OAuth alone, `rejected_by_provider` where no token is made of the values); ProviderError,
    UnavailableError, and then nothing was stored.
    """
    owner = find_user(caller, user, directory=intake.directory)
    app = named_app(caller.workspace_id, new.type, path=places.app, apps=intake.apps)
    redirect = redirect_of_tokens(app, new.data, way=new.way) if importer else None
    now, entropy = intake.clock.now(), intake.entropy
    if new.expires_at is not None and new.expires_at <= now:
        raise ValidationFailedError([places.of("expiresAt", "This time is over. Send a key that still works.")])
    row = Credential(
        workspace_id=caller.workspace_id,
        user_id=owner.user_id,
        user_email=owner.email,
        credential_id=CredentialId(identities.new("cred")),
        app=app.slug,
        kind=redirect.kind if redirect else "",
        name=new.name or f"{app.name} {owner.username}"[:200],
        tags=new.tags,
        created_at=now,
        updated_at=now,
        expires_at=new.expires_at,
    )
    if importer and redirect:
        return importer().keep(caller, row, owner, app, redirect, new.data, places=places, renew=new.renew)
    entry = read_entry(app, new.data, places=places, way=new.way)
    credential = with_entry(row, entry, at=now, root=places.data, intake=intake, probing=probing)
    credential = scheduled(credential, at=now, check_every=cadence(entry.method, usual=intake.check_every))
    event = credential_event("credential.created", credential, directory=intake.directory, at=now, entropy=entropy)
    audit = audit_line("credential.created", credential, actor=caller.actor, at=now, entropy=entropy)
    try:
        intake.credentials.create(credential, event=event, audit=audit)
    except ConflictError:
        # A run of this very request has made it, and lost its answer.
        return own(intake.credentials.get(credential.credential_id), caller.workspace_id)
    return credential
