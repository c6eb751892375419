"""Workspaces and their settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from evergrant.domain.caller import SCOPES, Caller
from evergrant.domain.errors import NotFoundError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.workspace import Environment, Workspace
from evergrant.ports.system import Clock, Entropy, Identities
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.workspaces.api_keys import MintedKey, mint


def create_workspace(
    name: str,
    environment: Environment,
    *,
    directory: Directory,
    clock: Clock,
    entropy: Entropy,
    identities: Identities,
    own_branch: Callable[[WorkspaceId], object] | None = None,
) -> tuple[Workspace, MintedKey]:
    """A workspace and its first key, which has every scope.

    With `own_branch`, its own branch key is there before it is, so that nothing of it is ever sealed under another.
    """
    workspace = Workspace(
        workspace_id=WorkspaceId(identities.new("ws")),
        name=name,
        environment=environment,
        created_at=clock.now(),
    )
    if own_branch is not None:
        own_branch(workspace.workspace_id)
    directory.put_workspace(workspace)
    minted = mint(
        workspace.workspace_id,
        "first key",
        SCOPES,
        None,
        directory=directory,
        clock=clock,
        entropy=entropy,
        identities=identities,
    )
    return workspace, minted


def get_workspace(caller: Caller, *, directory: Directory) -> Workspace:
    """The caller's own."""
    workspace = directory.workspace(caller.workspace_id)
    if workspace is None:
        raise NotFoundError
    return workspace


def change_workspace(caller: Caller, changes: Mapping[str, object], *, directory: Directory) -> Workspace:
    """The settings as a whole: a PUT."""
    new = replace(get_workspace(caller, directory=directory), **changes)  # type: ignore[arg-type]  # checked at the edge
    directory.put_workspace(new)
    return new
