"""List cursors: opaque, bound to their workspace and query, and impossible to forge."""

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from evergrant.domain.errors import BadRequestError

if TYPE_CHECKING:
    from evergrant.ports.sealing import Fingerprints

_SEPARATOR = "."


def write_cursor(position: str | None, *, query: str, fingerprints: "Fingerprints") -> str | None:
    """`query` names the workspace, the list and its filters. None at the end of the list."""
    if position is None:
        return None
    seal = fingerprints.fingerprint(f"cursor|{query}", position.encode())
    return base64.urlsafe_b64encode(f"{position}{_SEPARATOR}{seal}".encode()).rstrip(b"=").decode()


def read_cursor(cursor: str | None, *, query: str, fingerprints: "Fingerprints") -> str | None:
    """Raises: BadRequestError when it was not written for this very query."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _unusable() from None
    position, separator, seal = text.rpartition(_SEPARATOR)
    if not separator or not hmac.compare_digest(
        seal.encode(), fingerprints.fingerprint(f"cursor|{query}", position.encode()).encode()
    ):
        raise _unusable()
    return position


def _unusable() -> BadRequestError:
    return BadRequestError("This cursor is not of this list. Begin again without one.", code="unusable_cursor")
