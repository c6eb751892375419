"""POST /credentials/{credentialId}/token: the secret, usable now. The hot path: it imports little."""

from datetime import timedelta
from typing import Annotated

from evergrant.domain.ids import CredentialId
from evergrant.runtime import assembly, wiring
from evergrant.runtime.http import Answer, Http, Strict, caller, secret
from evergrant.runtime.observability import logger
from evergrant.use_cases.credentials.fresh_token import Wanted, fresh_token
from pydantic import Field

http = Http()
handler = http.handler


class FreshToken(Strict):
    """What the caller needs of it."""

    min_validity_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    force: bool = False


@http.post("/credentials/<credential_id>/token")
def token(credential_id: str, body: FreshToken | None = None) -> Answer:
    """Hand out the secret."""
    who = caller(http)
    who.require("secrets:read")
    seconds = body.min_validity_seconds if body else None
    usable = fresh_token(
        who,
        CredentialId(credential_id),
        Wanted(None if seconds is None else timedelta(seconds=seconds), force=bool(body and body.force)),
        apps=wiring.remembered_apps(),
        credentials=wiring.credentials(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
        renew=assembly.renew_on_read,
    )
    logger().info(
        "secret_released",
        extra={
            "audit": True,
            "workspace_id": who.workspace_id,
            "api_key_id": who.api_key_id,
            "credential_id": credential_id,
            "app": usable.credential.app,
        },
    )
    return secret(200, usable.answer())
