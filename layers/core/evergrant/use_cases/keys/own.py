"""A branch key of its own for a workspace: what is sealed for it can then be made unreadable apart from all others."""

from evergrant.domain.errors import NotFoundError
from evergrant.domain.ids import WorkspaceId
from evergrant.ports.sealing import BranchKeys
from evergrant.ports.workspaces import Directory


def give_own_key(workspace_id: WorkspaceId, kms_key: str | None, *, directory: Directory, keys: BranchKeys) -> int:
    """The version that seals for it from now on, under `kms_key`, an ARN, or the deployment's KMS key.

    Environments that run may seal under the shared one for minutes yet; `rewrap` moves what it sealed. Once more, and
    the workspace gets its next version, so that it can go to another KMS key.

    Raises: NotFoundError; UnavailableError when KMS gives no key, and nothing was changed.
    """
    if directory.workspace(workspace_id) is None:
        raise NotFoundError(f"There is no workspace {workspace_id}.")
    return keys.make_next(workspace_id, kms_key=kms_key)
