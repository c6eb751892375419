"""/connect/credentials: a connect session's user gives, renames or disconnects a credential."""

from dataclasses import replace
from typing import Annotated

from evergrant.domain.app import App
from evergrant.domain.caller import SessionCaller
from evergrant.domain.credential import Credential
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.ids import CredentialId
from evergrant.runtime import assembly, wiring
from evergrant.runtime.browser import with_parameter
from evergrant.runtime.http import Answer, Http, Strict, answer, idempotent, limited, ok, secret, session_caller
from evergrant.runtime.text import Name
from evergrant.use_cases.connect.hosted import Held, Typed
from evergrant.use_cases.credentials.change import CredentialChanges, change_credential
from evergrant.use_cases.credentials.create import NewCredential, create_credential
from evergrant.use_cases.credentials.delete import delete_credential
from evergrant.use_cases.credentials.entry import IN_FORM
from evergrant.use_cases.credentials.read import read_for
from pydantic import Field, SecretStr

http = Http()
handler = http.handler


class FormValues(Strict):
    """A key form's values."""

    app: Annotated[str, Field(min_length=1, max_length=100)]
    data: Annotated[dict[str, SecretStr], Field(max_length=50)]
    name: Name | None = None
    way: Annotated[str, Field(max_length=64)] | None = None
    credential_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The one to reconnect in place, where the session was not made for it alone."""


class Rename(Strict):
    """A new name."""

    name: Name


@http.post("/connect/credentials")
@limited
@idempotent
def create(body: FormValues) -> Answer:
    """Take the form: a new credential, or the new secret of the one that is to be reconnected."""
    who = session_caller(http)
    found = wiring.apps().find(who.workspace_id, body.app)
    who.require_app(found.slug if found else body.app)
    if body.credential_id is not None:
        who = _narrowed(who, CredentialId(body.credential_id), found)
    if who.hosted:
        return _onward(assembly.holds().form(who, Typed(body.app, body.data, body.name, body.way)))
    credential = (
        _create(who, body) if who.credential_id is None else _reconnect(who, CredentialId(who.credential_id), body)
    )
    verified = True if credential.last_verified_at is not None else None
    shown = {"success": True, "credentialId": credential.credential_id, "credential": credential.summary()}
    return answer(201, shown | {"verified": verified})


def _narrowed(who: SessionCaller, credential_id: CredentialId, app: App | None) -> SessionCaller:
    """As a session that was made for that one. Raises: NotFoundError, ForbiddenError, ValidationFailedError."""
    there = read_for(who, credential_id, credentials=wiring.credentials(), clock=wiring.clock())
    if app is None or there.app != app.slug:
        raise ValidationFailedError([Detail("credentialId", "This credential is another app's.")])
    return replace(who, credential_id=credential_id)


def _create(who: SessionCaller, body: FormValues) -> Credential:
    return create_credential(
        who,
        who.user_id,
        NewCredential(body.app, body.data, body.name, way=body.way),
        intake=assembly.intake(),
        identities=http.identities,
        places=IN_FORM,
        probing=wiring.probing,
    )


def _reconnect(who: SessionCaller, credential_id: CredentialId, body: FormValues) -> Credential:
    return change_credential(
        who,
        credential_id,
        CredentialChanges({"name": body.name} if body.name else {}, body.data, body.way, pinned=True),
        intake=assembly.intake(),
        probing=wiring.probing,
    )


@http.post("/connect/credentials/<credential_id>/reuse")
def reuse(credential_id: str) -> Answer:
    """Use what is there already, if it still works and grants what is wanted."""
    found = assembly.holds().reuse(session_caller(http), CredentialId(credential_id))
    if isinstance(found, Held):
        return _onward(found)
    return ok({"success": True, "credentialId": found.credential_id})


def _onward(held: Held) -> Answer:
    location = with_parameter(held.return_url, "completion", held.completion.get_secret_value())
    return secret(201, {"success": True, "location": location})


@http.patch("/connect/credentials/<credential_id>")  # pyright: ignore[reportUnknownMemberType]  # typed loosely there
def rename(credential_id: str, body: Rename) -> Answer:
    """Rename one of the user's own."""
    changed = change_credential(
        session_caller(http),
        CredentialId(credential_id),
        CredentialChanges({"name": body.name}),
        intake=assembly.intake(),
    )
    return ok(changed.summary())


@http.delete("/connect/credentials/<credential_id>")
def disconnect(credential_id: str) -> Answer:
    """Disconnect one of the user's own."""
    outcome = delete_credential(
        session_caller(http),
        CredentialId(credential_id),
        user=None,
        revoke=True,
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        revoker=wiring.revoker(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    return ok(outcome.shown())
