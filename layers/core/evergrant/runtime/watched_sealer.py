"""Sealing as the functions use it: what does not open is logged here, whatever its caller makes of it.

The alarms count these lines, by their code.
"""

from collections.abc import Generator
from contextlib import contextmanager

from pydantic import SecretBytes

from evergrant.domain.errors import SealBrokenError, UnavailableError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.sealing import SealContext
from evergrant.ports.sealing import PreparedSeal, Sealer
from evergrant.runtime.observability import logger


class WatchedSealer:
    """`Sealer` that tells the operator."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def prepare(self, workspace_id: WorkspaceId) -> PreparedSeal:
        with _watched(workspace_id):
            return self._sealer.prepare(workspace_id)

    def seal(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        with _watched(context.workspace_id, context.credential_id):
            return self._sealer.seal(plaintext, context)

    def open(self, sealed: bytes, context: SealContext) -> SecretBytes:
        with _watched(context.workspace_id, context.credential_id):
            return self._sealer.open(sealed, context)

    def rewrap(self, sealed: bytes, workspace_id: WorkspaceId) -> bytes | None:
        with _watched(workspace_id):
            return self._sealer.rewrap(sealed, workspace_id)


@contextmanager
def _watched(workspace_id: str, credential_id: str | None = None) -> Generator[None]:
    try:
        yield
    except (SealBrokenError, UnavailableError) as error:
        event = "seal_broken" if isinstance(error, SealBrokenError) else "keys_unavailable"
        told = {"credential_id": credential_id} if credential_id else {}
        logger().error(event, extra={"code": error.code, "workspace_id": workspace_id, **told})
        raise
