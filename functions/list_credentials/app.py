"""GET /users/{userId}/credentials: what a user has connected; never a secret."""

from typing import Annotated, Literal

from evergrant.domain.credential import Credential
from evergrant.domain.ids import WorkspaceId
from evergrant.ports.pages import Page
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, PageQuery, caller
from evergrant.runtime.lists import listed
from evergrant.use_cases.credentials.read import list_credentials
from pydantic import Field

http = Http()
handler = http.handler

WHOLE = 10_000
"""Alloy's routes are not paged."""


class ListQuery(PageQuery):
    """`?app=&status=`"""

    app: Annotated[str, Field(max_length=100)] | None = None
    status: Literal["active", "degraded", "expired"] | None = None


@http.get("/users/<user_id>/credentials")
def of_user(user_id: str, query: ListQuery) -> Answer:
    """List a user's credentials."""
    return _list(user_id, query)


@http.get("/credentials/users/<user_id>")
def of_user_as_alloy(user_id: str, query: ListQuery) -> Answer:
    """The same, under Alloy's path."""
    return _list(user_id, query)


def _slug(workspace_id: WorkspaceId, app: str) -> str:
    found = wiring.apps().find(workspace_id, app)
    return found.slug if found else app


def _list(user_id: str, query: ListQuery) -> Answer:
    who = caller(http)
    who.require("credentials:read")
    app = _slug(who.workspace_id, query.app) if query.app else None

    def read(after: str | None) -> Page[Credential]:
        return list_credentials(
            who,
            user_id,
            app=app,
            status=query.status,
            limit=WHOLE if http.is_alias else query.limit,
            after=after,
            credentials=wiring.credentials(),
            directory=wiring.directory(),
        )

    return listed(
        query,
        f"{who.workspace_id}|credentials|{user_id}|{query.app}|{query.status}",
        read,
        Credential.summary,
    )
