"""The sealed format: what the bytes of a sealed secret are, and what they are bound to. No cryptography here.

version 1 byte | branch key id, length-prefixed | branch key version 4 bytes | salt 32
| wrapped data key 48 | nonce 12 | ciphertext and tag
"""

from dataclasses import dataclass

from evergrant.domain.errors import SealBrokenError

FORMAT_VERSION = 1
"""One suite for each version: AES-256-GCM under HKDF-SHA-256. There is no field that could choose another."""
SALT_BYTES, NONCE_BYTES, TAG_BYTES, KEY_BYTES = 32, 12, 16, 32
WRAPPED_KEY_BYTES = KEY_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class SealContext:
    """What a secret is bound to: opened with any other context, it does not open."""

    workspace_id: str
    user_id: str
    credential_id: str
    app: str
    generation: int
    field: str = "secret"

    def additional_data(self) -> bytes:
        """Unambiguous bytes: each part with its length before it, the format version first."""
        parts = (
            self.workspace_id,
            self.user_id,
            self.credential_id,
            self.app,
            str(self.generation),
            self.field,
        )
        return bytes([FORMAT_VERSION]) + b"".join(_prefixed(part.encode()) for part in parts)


@dataclass(frozen=True, slots=True)
class SealedBytes:
    """The parsed form of a sealed secret."""

    branch_id: str
    branch_version: int
    salt: bytes
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes

    def header(self) -> bytes:
        """Format, branch and salt: bound in the wrap of the data key, so that rotation need not touch payloads."""
        return wrap_header(self.branch_id, self.branch_version, self.salt)

    def to_bytes(self) -> bytes:
        """As it is stored."""
        return self.header() + self.wrapped_key + self.nonce + self.ciphertext

    @classmethod
    def parse(cls, sealed: bytes) -> "SealedBytes":
        """Raises: SealBrokenError."""
        if len(sealed) < 2 or sealed[0] != FORMAT_VERSION:
            raise SealBrokenError
        at = 2 + sealed[1]
        sizes = (4, SALT_BYTES, WRAPPED_KEY_BYTES, NONCE_BYTES)
        if len(sealed) < at + sum(sizes) + TAG_BYTES:
            raise SealBrokenError
        parts: list[bytes] = []
        for size in sizes:
            parts.append(sealed[at : at + size])
            at += size
        try:
            branch_id = sealed[2 : 2 + sealed[1]].decode("ascii")
        except UnicodeDecodeError:
            raise SealBrokenError from None
        return cls(branch_id, int.from_bytes(parts[0]), parts[1], parts[2], parts[3], sealed[at:])


def wrap_header(branch_id: str, branch_version: int, salt: bytes) -> bytes:
    """What the wrap of a data key is bound to."""
    name = branch_id.encode("ascii")
    return bytes([FORMAT_VERSION, len(name)]) + name + branch_version.to_bytes(4) + salt


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part
