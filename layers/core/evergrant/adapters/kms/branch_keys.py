"""Branch keys: AES-256 data keys of KMS, wrapped in the Keys table, plain in memory for minutes."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretBytes

from evergrant.adapters.aws import client
from evergrant.adapters.dynamodb.keys import Wrapped
from evergrant.domain.errors import KeyUnavailableError, SealBrokenError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from evergrant.adapters.dynamodb.keys import KeysTable
    from evergrant.ports.system import Clock

CACHED_FOR = timedelta(minutes=5)
_BROKEN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
"""KMS's words for bytes that this key and context did not wrap."""
SHARED = "shared"
"""The branch of all workspaces that have none of their own."""
EDGE = "edge"
"""The branch of what opens no secret: cursors, idempotency keys, the answers that are kept for them."""
PURPOSE, EDGE_PURPOSE = "evergrant-branch-key", "evergrant-fingerprints"
"""KMS's encryption context says it, and the functions' rights are conditional on it."""


@cache
def kms() -> "KMSClient":
    """This environment's client."""
    return client("kms")


@dataclass(frozen=True, slots=True)
class PlainBranchKey:
    """A branch key in memory, masked in every repr."""

    branch_id: str
    version: int
    key: SecretBytes


class KmsBranchKeys:
    """The branch keys of one deployment. A warm environment calls KMS once in five minutes for each that it uses.

    A branch is `shared`, `edge`, or a workspace's own, which has the workspace's id for its name; only such a one may
    stand under a customer's KMS key.
    """

    def __init__(
        self, client: "KMSClient", table: "KeysTable", *, key_arn: str, deployment: str, clock: "Clock"
    ) -> None:
        self._client, self._table, self._clock = client, table, clock
        self._key_arn, self._deployment = key_arn, deployment
        self._cached: dict[tuple[str, int], tuple[datetime, PlainBranchKey]] = {}
        self._active: dict[str, tuple[datetime, int | None]] = {}
        self._lock = threading.Lock()

    def current(self, branch_id: str) -> PlainBranchKey:
        """The version that seals now; made when there is none. Raises: UnavailableError."""
        found = self.newest(branch_id)
        if found is None:
            with self._lock, _at_hand():
                self._active.pop(branch_id, None)
                self._make(branch_id, 1, None)
            found = self.version(branch_id, 1)
        return found

    def newest(self, branch_id: str) -> PlainBranchKey | None:
        """The version that seals now; None where there is no such branch. Raises as `version`."""
        with self._lock, _at_hand():
            now = self._clock.now()
            until, active = self._active.get(branch_id, (now, None))
            if until <= now:
                active = self._table.active(branch_id)
                self._active = {name: each for name, each in self._active.items() if now < each[0]}
                self._active[branch_id] = (now + CACHED_FOR, active)
        return None if active is None else self.version(branch_id, active)

    def version(self, branch_id: str, version: int) -> PlainBranchKey:
        """Raises: SealBrokenError when there is none such; UnavailableError when KMS does not give it."""
        with self._lock, _at_hand():
            now = self._clock.now()
            until, found = self._cached.get((branch_id, version), (now, None))
            if found is not None and now < until:
                return found
            wrapped = self._table.wrapped(branch_id, version)
            if wrapped is None:
                raise SealBrokenError
            return self._kept_in_memory(branch_id, version, self._unwrapped(branch_id, version, wrapped))

    def branches(self) -> list[str]:
        """All under which secrets are sealed, in a fixed order."""
        with _at_hand():
            return sorted(set(self._table.branches()) - {EDGE})

    def make_next(self, branch_id: str, *, kms_key: str | None = None) -> int:
        """Make the branch's next version and seal with it from now on; older ones still open.

        It stands under `kms_key` where one is named, else where the version before stood. Where another maker was
        faster, its version is the one: nobody's key is replaced. Raises: UnavailableError.
        """
        with self._lock, _at_hand():
            version = self._table.active(branch_id) or 0
            before = self._table.wrapped(branch_id, version) if version and kms_key is None else None
            self._active.pop(branch_id, None)
            if self._make(branch_id, version + 1, before.kms_key if before else kms_key):
                return version + 1
            return self._table.active(branch_id) or version + 1

    def _make(self, branch_id: str, version: int, kms_key: str | None) -> bool:
        """Whether it was kept; False when another maker was faster, whose key is then read as any other."""
        try:
            answer = self._client.generate_data_key(
                KeyId=kms_key or self._key_arn,
                KeySpec="AES_256",
                EncryptionContext=self._context(branch_id, version),
            )
        except (ClientError, BotoCoreError) as error:
            raise KeyUnavailableError from error
        kept = self._table.keep(branch_id, version, Wrapped(answer["CiphertextBlob"], kms_key))
        if kept:
            self._kept_in_memory(branch_id, version, SecretBytes(answer["Plaintext"]))
        return kept

    def _kept_in_memory(self, branch_id: str, version: int, key: SecretBytes) -> PlainBranchKey:
        """For minutes, however much it is used; what is over is forgotten then."""
        now = self._clock.now()
        self._cached = {name: each for name, each in self._cached.items() if now < each[0]}
        fresh = PlainBranchKey(branch_id, version, key)
        self._cached[branch_id, version] = (now + CACHED_FOR, fresh)
        return fresh

    def _unwrapped(self, branch_id: str, version: int, wrapped: Wrapped) -> SecretBytes:
        try:
            answer = self._client.decrypt(
                KeyId=wrapped.kms_key or self._key_arn,
                CiphertextBlob=wrapped.blob,
                EncryptionContext=self._context(branch_id, version),
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _BROKEN:
                raise SealBrokenError from error
            raise KeyUnavailableError from error
        except BotoCoreError as error:
            raise KeyUnavailableError from error
        return SecretBytes(answer["Plaintext"])

    def _context(self, branch_id: str, version: int) -> dict[str, str]:
        return {
            "purpose": EDGE_PURPOSE if branch_id == EDGE else PURPOSE,
            "deployment": self._deployment,
            "branch": branch_id,
            "version": str(version),
            **({} if branch_id in {SHARED, EDGE} else {"workspace": branch_id}),
        }


@contextmanager
def _at_hand() -> Generator[None]:
    """Whether KMS or the table of wrapped keys is away is one thing to the caller, and to the alarm."""
    try:
        yield
    except UnavailableError as error:
        raise KeyUnavailableError from error
