"""One attempt: the event signed, sent to a receiver, and what came of it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import SecretStr

from evergrant.domain.errors import ProviderError, ProviderTimeoutError
from evergrant.domain.events import Event
from evergrant.domain.webhooks import Attempt, Endpoint, kept_response, request_headers
from evergrant.ports import Clock, HttpAnswer, HttpClient, Sealer
from evergrant.use_cases.webhooks.endpoints import secret_context

TOTAL_SECONDS = 15
MAX_ANSWER_BYTES = 16 * 1024

Sign = Callable[[SecretStr, str, datetime, str], str]
"""(secret, message id, time, body) to the `webhook-signature` header."""


def attempted(
    endpoint: Endpoint, event: Event, *, sealer: Sealer, http: HttpClient, sign: Sign, clock: Clock
) -> tuple[Attempt, timedelta | None]:
    """And how long the receiver asked to be left alone. Trouble is an attempt that failed, not an error."""
    started = clock.now()
    body = json.dumps(event.body(), ensure_ascii=False, separators=(",", ":"))
    signatures = [sign(each, event.event_id, started, body) for each in _secrets(endpoint, sealer, at=started)]
    headers = {**request_headers(event.event_id, started), "webhook-signature": " ".join(signatures)}
    status, error, retry_after, response = None, None, None, None
    try:
        answer = http.send(
            "POST",
            endpoint.url,
            headers=headers,
            body=body.encode(),
            total_seconds=TOTAL_SECONDS,
            max_bytes=MAX_ANSWER_BYTES,
        )
        status, response = answer.status, kept_response(answer.body)
        retry_after = _retry_after(answer)
    except ProviderTimeoutError:
        error = "timeout"
    except ProviderError:
        error = "connection_failed"
    duration = round((clock.now() - started) / timedelta(milliseconds=1))
    return Attempt(at=started, status=status, duration_ms=duration, error=error, response=response), retry_after


def _retry_after(answer: HttpAnswer) -> timedelta | None:
    asked = answer.headers.get("retry-after", "")
    is_heard = answer.status in {429, 503} and asked.isdecimal() and len(asked) <= 6
    return timedelta(seconds=int(asked)) if is_heard else None


def _secrets(endpoint: Endpoint, sealer: Sealer, *, at: datetime) -> list[SecretStr]:
    return [
        SecretStr(sealer.open(sealed, secret_context(endpoint, generation)).get_secret_value().decode())
        for sealed, generation in endpoint.signing(at=at)
    ]
