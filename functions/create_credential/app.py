"""POST /credentials: take a user's credential for an app."""

from typing import Annotated

from evergrant.runtime import assembly
from evergrant.runtime.http import Answer, Http, Strict, caller, created, idempotent, limited
from evergrant.runtime.moments import Moment
from evergrant.runtime.text import Name, Tags
from evergrant.use_cases.credentials.create import NewCredential, create_credential
from pydantic import Field, SecretStr

http = Http()
handler = http.handler

Values = Annotated[dict[str, SecretStr], Field(max_length=50)]


class CredentialBody(Strict):
    """`type` is an app's slug or alias; `data` holds its properties; `way` is needed where two ways would fit them.

    Where the workspace has an OAuth client of its own for the app, `data` may hold tokens that this client was given:
    `accessToken`, `refreshToken`, `accessTokenExpiresAt`, `tokenType`, `scope`. `renew` proves them by a first renewal.
    """

    type: Annotated[str, Field(min_length=1, max_length=100)]
    data: Values
    name: Name | None = None
    tags: Tags = ()
    expires_at: Moment | None = None
    way: Annotated[str, Field(max_length=64)] | None = None
    renew: bool = False


class ForUser(Strict):
    """`POST /users/{userId}/credentials`"""

    credential: CredentialBody


class CreateCredential(ForUser):
    """`POST /credentials`"""

    user_id: Annotated[str, Field(min_length=1, max_length=256)]


@http.post("/credentials")
@limited
@idempotent
def create(body: CreateCredential) -> Answer:
    """Take a credential."""
    return _create(body.user_id, body.credential)


@http.post("/users/<user_id>/credentials")
@limited
@idempotent
def create_for_user(user_id: str, body: ForUser) -> Answer:
    """Take a credential of the user in the path."""
    return _create(user_id, body.credential)


def _create(user_id: str, asked: CredentialBody) -> Answer:
    who = caller(http)
    who.require("credentials:write")
    credential = create_credential(
        who,
        user_id,
        NewCredential(asked.type, asked.data, asked.name, asked.tags, asked.expires_at, asked.way, asked.renew),
        intake=assembly.intake(),
        identities=http.identities,
        importer=lambda: assembly.importer(http.identities),
    )
    return created(
        http, {"success": True, "credentialId": credential.credential_id, "credential": credential.summary()}
    )
