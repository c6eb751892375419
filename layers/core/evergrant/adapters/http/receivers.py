"""Receivers on the web: an event is a POST (Standard Webhooks)."""

from datetime import timedelta

from evergrant.domain.webhooks import kept_response
from evergrant.ports.http import HttpAnswer, HttpClient
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
        return Reply(answer.status, kept_response(answer.body), retry_after=_retry_after(answer))


def _retry_after(answer: HttpAnswer) -> timedelta | None:
    asked = answer.headers.get("retry-after", "")
    is_heard = answer.status in {429, 503} and asked.isdecimal() and len(asked) <= 6
    return timedelta(seconds=int(asked)) if is_heard else None
