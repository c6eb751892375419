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
from evergrant.domain.errors import SealBrokenError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from evergrant.adapters.dynamodb.keys import KeysTable
    from evergrant.ports import Clock

CACHED_FOR = timedelta(minutes=5)
_BROKEN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
"""KMS's words for bytes that this key and context did not wrap."""
SHARED = "shared"
"""The one branch that all workspaces share by default."""
EDGE = "edge"
"""The branch of what opens no secret: cursors, idempotency keys, the answers that are kept for them."""
PURPOSES = {SHARED: "evergrant-branch-key", EDGE: "evergrant-fingerprints"}
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
    """The branch keys of one deployment. A warm environment calls KMS once in five minutes."""

    def __init__(
        self,
        client: "KMSClient",
        table: "KeysTable",
        *,
        key_arn: str,
        deployment: str,
        clock: "Clock",
        branch_id: str = SHARED,
    ) -> None:
        self._client, self._table, self._clock = client, table, clock
        self._key_arn, self._deployment, self._branch_id = key_arn, deployment, branch_id
        self._cached: dict[tuple[str, int], tuple[datetime, PlainBranchKey]] = {}
        self._active: tuple[datetime, int] | None = None
        self._lock = threading.Lock()

    def current(self) -> PlainBranchKey:
        """The version that seals now; made when there is none. Raises: UnavailableError."""
        with self._lock, _at_hand():
            now = self._clock.now()
            if self._active is None or self._active[0] <= now:
                version = self._table.active(self._branch_id)
                if version is None:
                    self._make(1)
                self._active = (now + CACHED_FOR, version or 1)
            active = self._active[1]
        return self.version(self._branch_id, active)

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
            fresh = PlainBranchKey(branch_id, version, self._unwrapped(branch_id, version, wrapped))
            self._cached[branch_id, version] = (now + CACHED_FOR, fresh)
            return fresh

    def rotate(self) -> int:
        """Make the next version and seal with it from now on; older ones still open.

        Where another rotation was faster, its version is the one: nobody's key is replaced.
        """
        with self._lock, _at_hand():
            version = (self._table.active(self._branch_id) or 0) + 1
            self._active = None
            if self._make(version):
                return version
            return self._table.active(self._branch_id) or version

    def _make(self, version: int) -> bool:
        """Whether it was kept; False when another maker was faster, whose key is then read as any other."""
        try:
            answer = self._client.generate_data_key(
                KeyId=self._key_arn,
                KeySpec="AES_256",
                EncryptionContext=self._context(self._branch_id, version),
            )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable() from error
        kept = self._table.keep(self._branch_id, version, answer["CiphertextBlob"])
        if kept:
            plain = PlainBranchKey(self._branch_id, version, SecretBytes(answer["Plaintext"]))
            self._cached[self._branch_id, version] = (self._clock.now() + CACHED_FOR, plain)
        return kept

    def _unwrapped(self, branch_id: str, version: int, wrapped: bytes) -> SecretBytes:
        try:
            answer = self._client.decrypt(
                KeyId=self._key_arn,
                CiphertextBlob=wrapped,
                EncryptionContext=self._context(branch_id, version),
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _BROKEN:
                raise SealBrokenError from error
            raise _unavailable() from error
        except BotoCoreError as error:
            raise _unavailable() from error
        return SecretBytes(answer["Plaintext"])

    def _context(self, branch_id: str, version: int) -> dict[str, str]:
        return {
            "purpose": PURPOSES[self._branch_id],
            "deployment": self._deployment,
            "branch": branch_id,
            "version": str(version),
        }


@contextmanager
def _at_hand() -> Generator[None]:
    """Whether KMS or the table of wrapped keys is away is one thing to the caller, and to the alarm."""
    try:
        yield
    except UnavailableError as error:
        raise _unavailable() from error


def _unavailable() -> UnavailableError:
    return UnavailableError("The key service is away; nothing was changed. Try again.", code="key_unavailable")
