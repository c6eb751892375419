"""One attempt: the event signed, brought to a receiver, and what came of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import SecretStr

from evergrant.domain.errors import ProviderError, ProviderTimeoutError
from evergrant.domain.events import Event
from evergrant.domain.webhooks import Attempt, Endpoint, request_headers
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock
from evergrant.ports.webhooks import Carrier, Message, Reply
from evergrant.use_cases.webhooks.endpoints import secret_context

Sign = Callable[[SecretStr, str, datetime, str], str]
"""(secret, message id, time, body) to the `webhook-signature` header."""


def attempted(
    endpoint: Endpoint, event: Event, *, sealer: Sealer, carrier: Carrier, sign: Sign, clock: Clock
) -> tuple[Attempt, timedelta | None]:
    """And how long the receiver asked to be left alone. Trouble is an attempt that failed, not an error."""
    started = clock.now()
    body = event.text()
    signatures = [sign(each, event.event_id, started, body) for each in _secrets(endpoint, sealer, at=started)]
    headers = request_headers(endpoint.type, event.event_id, started)
    if signatures:
        headers["webhook-signature"] = " ".join(signatures)
    try:
        reply = carrier.bring(Message(event, body, headers), endpoint.address)
    except ProviderTimeoutError:
        reply = Reply(None, None, error="timeout")
    except ProviderError:
        reply = Reply(None, None, error="connection_failed")
    duration = round((clock.now() - started) / timedelta(milliseconds=1))
    attempt = Attempt(at=started, status=reply.status, duration_ms=duration, error=reply.error, response=reply.response)
    return attempt, reply.retry_after


def _secrets(endpoint: Endpoint, sealer: Sealer, *, at: datetime) -> list[SecretStr]:
    return [
        SecretStr(sealer.open(sealed, secret_context(endpoint, generation)).get_secret_value().decode())
        for sealed, generation in endpoint.signing(at=at)
    ]
