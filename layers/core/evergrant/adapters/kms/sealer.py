"""Sealing: AES-256-GCM with a fresh data key for each write, wrapped under HKDF of a branch key that KMS guards.

Every way to fail is one `SealBrokenError` that tells nothing; only the absence of a key is `UnavailableError`.
"""

import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretBytes

from evergrant.domain.errors import SealBrokenError
from evergrant.domain.sealing import KEY_BYTES, NONCE_BYTES, SALT_BYTES, SealContext, SealedBytes, wrap_header

if TYPE_CHECKING:
    from evergrant.adapters.kms.branch_keys import KmsBranchKeys

# The wrapping key is used once: a fresh salt makes another. So one fixed nonce is sound (SP 800-38D, 8.2).
_WRAP_NONCE = bytes(NONCE_BYTES)


class BranchKey(Protocol):
    """A branch key in memory."""

    @property
    def branch_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def key(self) -> SecretBytes: ...


class Branches(Protocol):
    """Where a workspace's branch keys come from."""

    def current(self, workspace_id: str, /) -> BranchKey:
        """The one that seals now. Raises: UnavailableError."""
        ...

    def version(self, workspace_id: str, branch_id: str, version: int, /) -> BranchKey:
        """Raises: SealBrokenError when this workspace has none such; UnavailableError when it cannot be had."""
        ...


def _wrapping_key(branch: BranchKey, salt: bytes) -> AESGCM:
    derived = HKDF(SHA256(), KEY_BYTES, salt, b"evergrant data key wrap v1").derive(branch.key.get_secret_value())
    return AESGCM(derived)


class PreparedBranchSeal:
    """`PreparedSeal`: the branch key is at hand, so that sealing needs no network."""

    def __init__(self, branch: BranchKey) -> None:
        self._branch = branch

    def seal(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        """A fresh data key, salt and nonce each time, drawn now."""
        return seal_with(
            self._branch,
            plaintext,
            context,
            data_key=os.urandom(KEY_BYTES),
            salt=os.urandom(SALT_BYTES),
            nonce=os.urandom(NONCE_BYTES),
        )


def seal_with(
    branch: BranchKey,
    plaintext: SecretBytes,
    context: SealContext,
    *,
    data_key: bytes,
    salt: bytes,
    nonce: bytes,
) -> bytes:
    """The deterministic heart of sealing, for the vectors; everybody else calls `seal`."""
    wrapped = _wrap(branch, data_key, salt)
    ciphertext = AESGCM(data_key).encrypt(nonce, plaintext.get_secret_value(), context.additional_data())
    return SealedBytes(branch.branch_id, branch.version, salt, wrapped, nonce, ciphertext).to_bytes()


class BranchKeySealer:
    """`Sealer` over branch keys."""

    def __init__(self, branches: Branches) -> None:
        self._branches = branches

    def prepare(self, workspace_id: str) -> PreparedBranchSeal:
        return PreparedBranchSeal(self._branches.current(workspace_id))

    def seal(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        return self.prepare(context.workspace_id).seal(plaintext, context)

    def open(self, sealed: bytes, context: SealContext) -> SecretBytes:
        parsed = SealedBytes.parse(sealed)
        data_key = self._unwrapped(parsed, context.workspace_id)
        try:
            return SecretBytes(AESGCM(data_key).decrypt(parsed.nonce, parsed.ciphertext, context.additional_data()))
        except InvalidTag:
            raise SealBrokenError from None

    def rewrap(self, sealed: bytes, workspace_id: str) -> bytes | None:
        parsed, branch = SealedBytes.parse(sealed), self._branches.current(workspace_id)
        if (parsed.branch_id, parsed.branch_version) == (branch.branch_id, branch.version):
            return None
        salt = os.urandom(SALT_BYTES)
        wrapped = _wrap(branch, self._unwrapped(parsed, workspace_id), salt)
        return SealedBytes(branch.branch_id, branch.version, salt, wrapped, parsed.nonce, parsed.ciphertext).to_bytes()

    def _unwrapped(self, parsed: SealedBytes, workspace_id: str) -> bytes:
        branch = self._branches.version(workspace_id, parsed.branch_id, parsed.branch_version)
        try:
            return _wrapping_key(branch, parsed.salt).decrypt(_WRAP_NONCE, parsed.wrapped_key, parsed.header())
        except InvalidTag:
            raise SealBrokenError from None


def _wrap(branch: BranchKey, data_key: bytes, salt: bytes) -> bytes:
    header = wrap_header(branch.branch_id, branch.version, salt)
    return _wrapping_key(branch, salt).encrypt(_WRAP_NONCE, data_key, header)


class BranchFingerprints:
    """`Fingerprints`: HMAC under a key derived from version 1 of one branch, so that rotation changes none."""

    def __init__(self, keys: "KmsBranchKeys", branch_id: str) -> None:
        self._keys, self._branch_id = keys, branch_id

    def fingerprint(self, context: str, content: bytes) -> str:
        self._keys.current(self._branch_id)  # makes the branch where there is none yet
        branch = self._keys.version(self._branch_id, 1)
        key = HKDF(SHA256(), KEY_BYTES, None, b"evergrant fingerprints v1").derive(branch.key.get_secret_value())
        message = len(context.encode()).to_bytes(4) + context.encode() + content
        return hmac.new(key, message, hashlib.sha256).hexdigest()
