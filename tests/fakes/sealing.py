"""Sealing in memory: what is sealed is a handle, and what it stands for never leaves."""

import hmac
from dataclasses import dataclass, field, replace
from hashlib import sha256

from evergrant.domain.errors import KeyUnavailableError, SealBrokenError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.sealing import SealContext
from evergrant.ports.pages import Page
from evergrant.ports.sealing import SealedRow
from pydantic import SecretBytes


@dataclass
class FakeSealer:
    """`Sealer`, and `PreparedSeal`."""

    away: bool = False
    version: int = 1
    _kept: dict[bytes, tuple[SealContext, SecretBytes]] = field(
        default_factory=dict[bytes, tuple[SealContext, SecretBytes]]
    )

    def prepare(self, workspace_id: WorkspaceId) -> "FakePreparedSeal":
        self._require_keys()
        return FakePreparedSeal(self)

    def seal(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        return self.prepare(WorkspaceId(context.workspace_id)).seal(plaintext, context)

    def open(self, sealed: bytes, context: SealContext) -> SecretBytes:
        bound, plaintext = self._found(sealed)
        if bound != context:
            raise SealBrokenError
        return plaintext

    def rewrap(self, sealed: bytes, workspace_id: WorkspaceId) -> bytes | None:
        bound, plaintext = self._found(sealed)
        if bound.workspace_id != workspace_id:
            raise SealBrokenError
        return None if sealed.startswith(self._mark) else self.keep(plaintext, bound)

    def keep(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        """What a prepared seal does; it needs no key any more."""
        handle = self._mark + len(self._kept).to_bytes(4)
        self._kept[handle] = (context, plaintext)
        return handle

    @property
    def _mark(self) -> bytes:
        return b"sealed under %d, " % self.version

    def _found(self, sealed: bytes) -> tuple[SealContext, SecretBytes]:
        self._require_keys()
        if sealed not in self._kept:
            raise SealBrokenError
        return self._kept[sealed]

    def _require_keys(self) -> None:
        if self.away:
            raise KeyUnavailableError


@dataclass(frozen=True)
class FakePreparedSeal:
    """`PreparedSeal`."""

    sealer: FakeSealer

    def seal(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        return self.sealer.keep(plaintext, context)


@dataclass
class FakeFingerprints:
    """`Fingerprints`."""

    away: bool = False

    def fingerprint(self, context: str, content: bytes) -> str:
        if self.away:
            raise KeyUnavailableError
        return hmac.new(b"a key of the tests", repr((context, content)).encode(), sha256).hexdigest()


class FakeSealedRows:
    """`SealedRows`: two a page."""

    def __init__(self, *rows: SealedRow) -> None:
        self._rows = {(each.table, each.pk, each.sk, each.attribute): each for each in rows}

    def page(self, after: str | None) -> Page[SealedRow]:
        start = int(after or 0)
        end = start + 2
        return Page(list(self._rows.values())[start:end], str(end) if end < len(self._rows) else None)

    def replace(self, row: SealedRow, sealed: bytes) -> bool:
        place = (row.table, row.pk, row.sk, row.attribute)
        now = self._rows.get(place)
        if now is None or now.sealed != row.sealed:
            return False
        self._rows[place] = replace(row, sealed=sealed)
        return True


@dataclass
class FakeBranchKeys:
    """`BranchKeys`."""

    away: bool = False
    versions: dict[str, int] = field(default_factory=dict[str, int])

    def branches(self) -> list[str]:
        return sorted(self.versions)

    def make_next(self, branch_id: str, *, kms_key: str | None = None) -> int:  # the port
        if self.away:
            raise KeyUnavailableError
        self.versions[branch_id] = self.versions.get(branch_id, 0) + 1
        return self.versions[branch_id]
