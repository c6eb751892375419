"""Users: the merchants of a workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evergrant.domain.caller import Actor, Caller
from evergrant.domain.errors import (
    BadRequestError,
    ConflictError,
    Detail,
    NotFoundError,
    ValidationFailedError,
)
from evergrant.domain.ids import UserId
from evergrant.domain.times import iso
from evergrant.domain.workspace import User, as_name, name_complaint
from evergrant.ports.pages import Page
from evergrant.ports.queues import Queue
from evergrant.ports.system import Clock, Identities
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.paging import every

ATTEMPTS = 5
"""To write a user's row while others change it."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a caller says of a user."""

    username: str
    full_name: str | None = None
    email: str | None = None
    tags: tuple[str, ...] = ()


def create_user(caller: Caller, new: NewUser, *, directory: Directory, clock: Clock, identities: Identities) -> User:
    """`email` defaults to the name when that is one.

    Raises: ConflictError (`username_taken`), ValidationFailedError for a name that no address could mean.
    """
    _refuse_unreachable({"username": new.username})
    return _create(caller, new, directory=directory, clock=clock, identities=identities)


def create_users(
    caller: Caller, new: Sequence[NewUser], *, directory: Directory, clock: Clock, identities: Identities
) -> tuple[list[User], list[str]]:
    """Those created, and the names that were taken.

    Raises: ValidationFailedError, with none of them created; BadRequestError when none is new.
    """
    _refuse_unreachable({f"users.{place}.username": each.username for place, each in enumerate(new)})
    made: list[User] = []
    skipped: list[str] = []
    for each in new:
        try:
            made.append(_create(caller, each, directory=directory, clock=clock, identities=identities))
        except ConflictError:
            skipped.append(each.username)
    if not made:
        raise BadRequestError("None of these users is new: each username is taken.", code="no_new_users")
    return made, skipped


def find_user(caller: Actor, id_or_name: str, *, directory: Directory) -> User:
    """Raises: NotFoundError."""
    user = directory.user(caller.workspace_id, as_name(id_or_name))
    if user is None:
        raise NotFoundError("There is no such user in this workspace. Create it with POST /users.")
    return user


def list_users(caller: Caller, *, limit: int, after: str | None, directory: Directory) -> Page[User]:
    """In the order of their creation."""
    return directory.users(caller.workspace_id, limit=limit, after=after)


def every_user(caller: Caller, *, directory: Directory) -> list[User]:
    """All of them, for the routes whose lists are whole."""
    return list(every(lambda after: directory.users(caller.workspace_id, limit=1000, after=after)))


def change_user(caller: Caller, id_or_name: str, changes: Mapping[str, object], *, directory: Directory) -> User:
    """Only the fields named change. Raises: NotFoundError, ConflictError (`username_taken`)."""
    read = find_user(caller, id_or_name, directory=directory)
    if "username" in changes:
        _refuse_unreachable({"username": str(changes["username"])})
    for _ in range(ATTEMPTS):
        new = replace(read, version=read.version + 1, **changes)  # type: ignore[arg-type]  # the handler's model has checked them
        try:
            directory.change_user(new, read=read)
        except ConflictError as error:
            if error.code == "username_taken":
                raise
            read = find_user(caller, read.user_id, directory=directory)
        else:
            return new
    raise _busy()


def delete_user(caller: Caller, id_or_name: str, *, directory: Directory, cleanups: Queue, clock: Clock) -> None:
    """Gone at once; its credentials follow in the background. Raises: NotFoundError."""
    user = find_user(caller, id_or_name, directory=directory)
    # Queued first: a user that is gone while nobody knows of its credentials would leave grants behind. The consumer
    # touches nothing before the user is gone.
    cleanups.send([deletion_of(user, actor=caller.actor, asked_at=clock.now())])
    for _ in range(ATTEMPTS):
        try:
            directory.delete_user(user)
        except ConflictError:
            user = find_user(caller, user.user_id, directory=directory)
        else:
            return
    raise _busy()


def deletion_of(user: User, *, actor: str, asked_at: datetime) -> dict[str, object]:
    """The message that asks for the end of all that the user has; it brings the tags by which that is told."""
    whose = {"workspaceId": user.workspace_id, "userId": user.user_id, "tags": list(user.tags)}
    return {"action": "delete_user_credentials", **whose, "actor": actor, "askedAt": iso(asked_at)}


def _create(caller: Caller, new: NewUser, *, directory: Directory, clock: Clock, identities: Identities) -> User:
    user = User(
        workspace_id=caller.workspace_id,
        user_id=UserId(identities.new("usr")),
        username=new.username,
        created_at=clock.now(),
        full_name=new.full_name,
        email=new.email or (new.username if "@" in new.username else None),
        tags=new.tags,
    )
    try:
        directory.create_user(user)
    except ConflictError:
        # The id tells a name that is taken from a run of this very request that lost its answer.
        first = directory.user(caller.workspace_id, user.user_id)
        if first is None:
            raise
        return first
    return user


def _refuse_unreachable(usernames: Mapping[str, str]) -> None:
    """By their paths."""
    complaints = {path: name_complaint(username) for path, username in usernames.items()}
    problems = [Detail(path, complaint) for path, complaint in complaints.items() if complaint]
    if problems:
        raise ValidationFailedError(problems)


def _busy() -> ConflictError:
    return ConflictError("This user is being changed all the time. Try again.", code="changed_meanwhile")
