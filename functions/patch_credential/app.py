"""PATCH /credentials/{credentialId}: rename, tag, or replace a static secret in place."""

from typing import Annotated

from evergrant.domain.ids import CredentialId
from evergrant.runtime import assembly
from evergrant.runtime.http import Answer, Http, Strict, caller, ok
from evergrant.runtime.moments import Moment
from evergrant.runtime.text import Name, Tags
from evergrant.use_cases.credentials.change import CredentialChanges, change_credential
from pydantic import Field, SecretStr

http = Http()
handler = http.handler


class PatchCredential(Strict):
    """The fields named change; `data` replaces the secret."""

    name: Name | None = None
    tags: Tags | None = None
    data: Annotated[dict[str, SecretStr], Field(max_length=50)] | None = None
    expires_at: Moment | None = None


@http.patch("/credentials/<credential_id>")  # pyright: ignore[reportUnknownMemberType]  # typed loosely there
def patch(credential_id: str, body: PatchCredential) -> Answer:
    """Change one credential; its id stays."""
    who = caller(http)
    who.require("credentials:write")
    # A null empties what may be empty; a name and tags cannot be none.
    plain = {
        name: getattr(body, name)
        for name in body.model_fields_set - {"data"}
        if name == "expires_at" or getattr(body, name) is not None
    }
    changed = change_credential(
        who,
        CredentialId(credential_id),
        CredentialChanges(plain, body.data),
        intake=assembly.intake(),
    )
    return ok(changed.details())
