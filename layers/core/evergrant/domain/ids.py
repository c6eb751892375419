"""Identifiers: opaque, prefixed, sortable by time, without slashes."""

import re
from datetime import datetime
from typing import NewType

WorkspaceId = NewType("WorkspaceId", str)
UserId = NewType("UserId", str)
CredentialId = NewType("CredentialId", str)
EventId = NewType("EventId", str)
EndpointId = NewType("EndpointId", str)
DeliveryId = NewType("DeliveryId", str)
ApiKeyId = NewType("ApiKeyId", str)
AuthorizationId = NewType("AuthorizationId", str)

ENTROPY_BYTES = 16
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_CHARACTERS, _ENTROPY_CHARACTERS = 10, 26
_IDENTIFIER = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{36}")


def identifier(prefix: str, *, at: datetime, entropy: bytes) -> str:
    """`prefix` + `_` + 48 bits of milliseconds + 128 random bits, in Crockford's base 32."""
    milliseconds = int(at.timestamp() * 1000)
    return f"{prefix}_{_base32(milliseconds, _TIME_CHARACTERS)}{_base32(int.from_bytes(entropy), _ENTROPY_CHARACTERS)}"


def is_identifier(text: str, prefix: str) -> bool:
    """Whether `text` could be an identifier of ours; it may name nothing all the same."""
    return text.startswith(f"{prefix}_") and _IDENTIFIER.fullmatch(text) is not None


def time_floor(prefix: str, *, at: datetime) -> str:
    """The smallest identifier that could have been made at `at`: for "everything since"."""
    return identifier(prefix, at=at, entropy=bytes(ENTROPY_BYTES))


def _base32(number: int, width: int) -> str:
    return "".join(_CROCKFORD[(number >> 5 * place) & 31] for place in reversed(range(width)))
