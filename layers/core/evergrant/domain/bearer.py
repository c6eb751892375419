"""Bearer tokens of ours: `<prefix><id>_<secret>_<checksum>`: scannable, and a typo is refused without a read."""

import hashlib
import hmac
import zlib

_CHECKSUM_DIGITS = 8


def compose(prefix: str, identity: str, secret: str) -> str:
    """The token; of `identity` (`key_…`) the part after its prefix stands in it."""
    body = f"{prefix}{identity.partition('_')[2]}_{secret}"
    return f"{body}_{_checksum(body)}"


def parse(prefix: str, kind: str, text: str) -> tuple[str, str] | None:
    """The identity (`<kind>_…`) and the secret part; None when it cannot be one of ours."""
    body, _, checksum = text.rpartition("_")
    if not text.isascii() or not body.startswith(prefix) or not hmac.compare_digest(checksum, _checksum(body)):
        return None
    identity, separator, secret = body.removeprefix(prefix).partition("_")
    return (f"{kind}_{identity}", secret) if separator and identity and secret else None


def digest(secret: str) -> str:
    """SHA-256: the secret has 256 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(kept: str, secret: str) -> bool:
    """Compare with the kept digest in constant time."""
    return hmac.compare_digest(kept, digest(secret))


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):0{_CHECKSUM_DIGITS}x}"
