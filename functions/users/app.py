"""/users: the merchants of a workspace."""

from typing import Annotated

from evergrant.domain.workspace import User
from evergrant.ports.pages import Page
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, PageQuery, Strict, caller, idempotent, limited, live_caller, ok
from evergrant.runtime.lists import listed
from evergrant.runtime.text import Name, OptionalText, Tags
from evergrant.use_cases.users import manage
from pydantic import Field, StringConstraints

http = Http()
handler = http.handler

Username = Annotated[Name, StringConstraints(max_length=256)]


class NewUser(Strict):
    """`POST /users`"""

    username: Username
    full_name: OptionalText = None
    email: OptionalText = None
    tags: Tags = ()

    def asked(self) -> manage.NewUser:
        return manage.NewUser(self.username, self.full_name, self.email, self.tags)


class NewUsers(Strict):
    """`POST /users/batch`"""

    users: Annotated[tuple[NewUser, ...], Field(min_length=1, max_length=1000)]


class UserChanges(Strict):
    """`PUT /users/{userId}`: the fields named change."""

    username: Username | None = None
    full_name: OptionalText = None
    email: OptionalText = None
    tags: Tags = ()


@http.post("/users")
@limited
@idempotent
def create(body: NewUser) -> Answer:
    """Create a user."""
    who = caller(http)
    who.require("connect")
    user = manage.create_user(
        who, body.asked(), directory=wiring.directory(), clock=wiring.clock(), identities=http.identities
    )
    return ok({"userId": user.user_id})


@http.post("/users/batch")
@limited
@idempotent
def create_many(body: NewUsers) -> Answer:
    """Create up to a thousand users; those whose name is taken are skipped."""
    who = caller(http)
    who.require("connect")
    made, skipped = manage.create_users(
        who,
        [user.asked() for user in body.users],
        directory=wiring.directory(),
        clock=wiring.clock(),
        identities=http.identities,
    )
    return ok({"data": [{"userId": user.user_id, "username": user.username} for user in made], "skipped": skipped})


@http.get("/users")
def list_all(query: PageQuery) -> Answer:
    """List the workspace's users; whole under Alloy's routes."""
    who = caller(http)
    who.require("connect")
    if http.is_alias:
        return ok({"data": [user.shown() for user in manage.every_user(who, directory=wiring.directory())]})

    def read(after: str | None) -> Page[User]:
        return manage.list_users(who, limit=query.limit, after=after, directory=wiring.directory())

    return listed(query, f"{who.workspace_id}|users", read, User.shown)


@http.get("/users/<user_id>")
def get(user_id: str) -> Answer:
    """Get one user, by id or name."""
    who = caller(http)
    who.require("connect")
    return ok(manage.find_user(who, user_id, directory=wiring.directory()).shown())


@http.put("/users/<user_id>")
def change(user_id: str, body: UserChanges) -> Answer:
    """Change a user."""
    who = caller(http)
    who.require("connect")
    changes = {name: getattr(body, name) for name in body.model_fields_set if name != "username" or body.username}
    return ok(manage.change_user(who, user_id, changes, directory=wiring.directory()).shown())


@http.delete("/users/<user_id>")
def delete(user_id: str) -> Answer:
    """Delete a user: gone at once; its credentials follow in the background."""
    who = live_caller(http)
    who.require("connect")
    manage.delete_user(who, user_id, directory=wiring.directory(), cleanups=wiring.cleanups(), clock=wiring.clock())
    return ok({"success": True})
