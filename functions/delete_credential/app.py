"""DELETE /credentials/{credentialId}: forget one credential, and revoke it where that can be done."""

from evergrant.domain.ids import CredentialId
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, Query, caller, ok
from evergrant.use_cases.credentials.delete import delete_credential

http = Http()
handler = http.handler


class DeleteQuery(Query):
    """`?revoke=true`"""

    revoke: bool = True


@http.delete("/credentials/<credential_id>")
def delete(credential_id: str, query: DeleteQuery) -> Answer:
    """Forget one credential."""
    return _delete(credential_id, query)


@http.delete("/users/<user_id>/credentials/<credential_id>")
def delete_of_user(user_id: str, credential_id: str, query: DeleteQuery) -> Answer:
    """The same, under the user's path; it must be that user's."""
    return _delete(credential_id, query, user=user_id)


def _delete(credential_id: str, query: DeleteQuery, *, user: str | None = None) -> Answer:
    who = caller(http)
    who.require("credentials:write")
    outcome = delete_credential(
        who,
        CredentialId(credential_id),
        user=user,
        revoke=query.revoke,
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        revoker=wiring.revoker(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    return ok(outcome.shown())
