"""Work for later."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Queue(Protocol):
    """One SQS queue; messages name things, and never hold a secret."""

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        """All of them, in tens. Raises: UnavailableError when any was refused."""
        ...
