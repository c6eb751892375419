"""Sealing, the keys beneath it, and the rows that hold what is sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretBytes

from evergrant.domain.ids import WorkspaceId
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from evergrant.domain.sealing import SealContext


class PreparedSeal(Protocol):
    """The branch key is at hand: sealing needs no network any more."""

    def seal(self, plaintext: SecretBytes, context: "SealContext") -> bytes:
        """Seal under a fresh data key and nonce."""
        ...


class Sealer(Protocol):
    """AES-256 under KMS: under the workspace's own branch key where it has one, else the shared one."""

    def prepare(self, workspace_id: WorkspaceId) -> PreparedSeal:
        """For what belongs to this workspace. Raises: UnavailableError when no key can be had."""
        ...

    def seal(self, plaintext: SecretBytes, context: "SealContext") -> bytes:
        """`prepare` and `seal` in one."""
        ...

    def open(self, sealed: bytes, context: "SealContext") -> SecretBytes:
        """Raises: SealBrokenError for whatever is wrong with it; UnavailableError when no key can be had."""
        ...

    def rewrap(self, sealed: bytes, workspace_id: WorkspaceId) -> bytes | None:
        """The same payload under the workspace's current branch key; None when it is. Raises as `open`."""
        ...


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One sealed attribute of one row, as it was read; `attribute` says where in the row."""

    table: str
    pk: str
    sk: str
    attribute: str
    sealed: bytes
    workspace_id: WorkspaceId


class SealedRows(Protocol):
    """Everything that is sealed for long."""

    def page(self, after: str | None) -> Page[SealedRow]:
        """The next rows, in any order."""
        ...

    def replace(self, row: SealedRow, sealed: bytes) -> bool:
        """False when the row is not as it was read; then nothing was changed."""
        ...


class BranchKeys(Protocol):
    """What wraps the data keys: `shared`, and the own branch of each workspace that has one, by the workspace's id."""

    def branches(self) -> Sequence[str]:
        """All that seal secrets, in a fixed order."""
        ...

    def make_next(self, branch_id: str, *, kms_key: str | None = None) -> int:
        """The branch's next version, which seals from now on: under `kms_key`, an ARN, or where the last one stood.

        Raises: UnavailableError when KMS gives none, and nothing was changed.
        """
        ...


class Fingerprints(Protocol):
    """Keyed hashes: of request bodies and cursors, so that neither can be forged or guessed."""

    def fingerprint(self, context: str, content: bytes) -> str:
        """HMAC-SHA-256 under a key that never leaves the deployment. Raises: UnavailableError."""
        ...
