"""Signatures of deliveries, judged by the specification's own library."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

from standardwebhooks import Webhook, WebhookVerificationError


def is_verified(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a receiver with this secret would take it."""
    try:
        Webhook(secret).verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    return True


@contextmanager
def at_any_time() -> Generator[None]:
    """The library holds a delivery's time against the clock on the wall, which knows nothing of a virtual one."""

    def believed(_: Webhook, sent: str) -> datetime:
        return datetime.fromtimestamp(int(sent), UTC)

    with patch.object(Webhook, "_Webhook__verify_timestamp", believed):
        yield
