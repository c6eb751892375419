"""Users: the merchants of a workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evergrant.domain.caller import Actor, Caller
from evergrant.domain.errors import (
    BadRequestError,
    ConflictError,
    Detail,
    NotFoundError,
    ValidationFailedError,
)
from evergrant.domain.ids import ENTROPY_BYTES, UserId, identifier, is_identifier
from evergrant.domain.workspace import User
from evergrant.ports import Clock, Directory, Entropy, Page, Queue


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a caller says of a user."""

    username: str
    full_name: str | None = None
    email: str | None = None
    tags: tuple[str, ...] = ()


def create_user(caller: Caller, new: NewUser, *, directory: Directory, clock: Clock, entropy: Entropy) -> User:
    """`email` defaults to the name when that is one. Raises: ConflictError (`username_taken`)."""
    user = _user(caller, new, clock=clock, entropy=entropy)
    directory.create_user(user)
    return user


def create_users(
    caller: Caller, new: Sequence[NewUser], *, directory: Directory, clock: Clock, entropy: Entropy
) -> tuple[list[User], list[str]]:
    """Those created, and the names that were taken. Raises: BadRequestError when none is new."""
    made: list[User] = []
    skipped: list[str] = []
    for each in new:
        try:
            made.append(create_user(caller, each, directory=directory, clock=clock, entropy=entropy))
        except ConflictError:
            skipped.append(each.username)
    if not made:
        raise BadRequestError("None of these users is new: each username is taken.", code="no_new_users")
    return made, skipped


def find_user(caller: Actor, id_or_name: str, *, directory: Directory) -> User:
    """Raises: NotFoundError."""
    user = directory.user(caller.workspace_id, id_or_name)
    if user is None:
        raise NotFoundError("There is no such user in this workspace. Create it with POST /users.")
    return user


def list_users(caller: Caller, *, limit: int, after: str | None, directory: Directory) -> Page[User]:
    """In the order of their creation."""
    return directory.users(caller.workspace_id, limit=limit, after=after)


def every_user(caller: Caller, *, directory: Directory) -> list[User]:
    """All of them, for the routes whose lists are whole."""
    found: list[User] = []
    after: str | None = None
    while True:
        page = directory.users(caller.workspace_id, limit=1000, after=after)
        found += page.items
        if page.next is None:
            return found
        after = page.next


def change_user(caller: Caller, id_or_name: str, changes: Mapping[str, object], *, directory: Directory) -> User:
    """Only the fields named change. Raises: NotFoundError, ConflictError (`username_taken`)."""
    read = find_user(caller, id_or_name, directory=directory)
    new = replace(read, **changes)  # type: ignore[arg-type]  # the handler's model has checked them
    _refuse_identifier(new.username)
    directory.change_user(new, read=read)
    return new


def delete_user(caller: Caller, id_or_name: str, *, directory: Directory, cleanups: Queue) -> None:
    """Gone at once; its credentials follow in the background. Raises: NotFoundError."""
    user = find_user(caller, id_or_name, directory=directory)
    # Queued first: a user that is gone while nobody knows of its credentials would leave grants behind.
    cleanups.send(
        [
            {
                "action": "delete_user_credentials",
                "workspaceId": caller.workspace_id,
                "userId": user.user_id,
                "actor": caller.actor,
            }
        ]
    )
    directory.delete_user(user)


def _user(caller: Caller, new: NewUser, *, clock: Clock, entropy: Entropy) -> User:
    _refuse_identifier(new.username)
    now = clock.now()
    return User(
        workspace_id=caller.workspace_id,
        user_id=UserId(identifier("usr", at=now, entropy=entropy.bytes(ENTROPY_BYTES))),
        username=new.username,
        created_at=now,
        full_name=new.full_name,
        email=new.email or (new.username if "@" in new.username else None),
        tags=new.tags,
    )


def _refuse_identifier(username: str) -> None:
    # Wherever a userId is taken the name is too: a name that looks like an id could stand for another user.
    if is_identifier(username, "usr"):
        raise ValidationFailedError([Detail("username", "A username must not look like a userId.")])
