"""Receivers on the web: an event is a POST (Standard Webhooks)."""

from evergrant.domain.webhooks import kept_response
from evergrant.ports.http import HttpClient
from evergrant.ports.webhooks import Message, Reply

TOTAL_SECONDS = 15
MAX_ANSWER_BYTES = 16 * 1024


class ReceiverCarrier:
    """`Carrier` over HTTP."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def bring(self, message: Message, address: str) -> Reply:
        answer = self._http.send(
            "POST",
            address,
            headers=message.headers,
            body=message.body.encode(),
            total_seconds=TOTAL_SECONDS,
            max_bytes=MAX_ANSWER_BYTES,
        )
        retry_after = answer.retry_after if answer.status in {429, 503} else None
        return Reply(answer.status, kept_response(answer.body), retry_after=retry_after)
