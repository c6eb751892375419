"""Which branch a workspace's bytes are sealed under, and which of them may open what."""

from evergrant.adapters.kms.branch_keys import EDGE, SHARED, KmsBranchKeys, PlainBranchKey
from evergrant.domain.errors import SealBrokenError


class WorkspaceBranches:
    """What a workspace's secrets are sealed under: its own branch where it has one, else the shared one.

    Before it had its own, the shared one sealed; another workspace's never opens anything of it.
    """

    def __init__(self, keys: KmsBranchKeys) -> None:
        self._keys = keys

    def current(self, workspace_id: str, /) -> PlainBranchKey:
        """A branch of its own that cannot be had is never stood in for by the shared one. Raises: UnavailableError."""
        return self._keys.newest(workspace_id) or self._keys.current(SHARED)

    def version(self, workspace_id: str, branch_id: str, version: int, /) -> PlainBranchKey:
        """Raises: SealBrokenError for a branch that is not this workspace's; and as `KmsBranchKeys.version`."""
        if branch_id not in {SHARED, workspace_id}:
            raise SealBrokenError
        return self._keys.version(branch_id, version)


class EdgeBranch:
    """The one branch of what opens no secret, whoever asks."""

    def __init__(self, keys: KmsBranchKeys) -> None:
        self._keys = keys

    def current(self, _: str, /) -> PlainBranchKey:
        """Raises: UnavailableError."""
        return self._keys.current(EDGE)

    def version(self, _: str, branch_id: str, version: int, /) -> PlainBranchKey:
        """Raises: SealBrokenError for any other branch; and as `KmsBranchKeys.version`."""
        if branch_id != EDGE:
            raise SealBrokenError
        return self._keys.version(EDGE, version)
