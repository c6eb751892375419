"""A small client of the API, as a product's backend has one."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 29


@dataclass(frozen=True)
class Answer:
    """The API's answer; status 503 when there was none."""

    status: int
    content: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """What went wrong, in the API's own words."""
        return str(self.content.get("message") or f"The API answered {self.status}.")


class Api:
    """Holds the key. It goes to the API alone: neither proxies nor redirects are followed."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url, self._key = url, key

    def get(self, path: str, **query: str | None) -> Answer:
        """The query's parameters are those that are not None."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.call("GET", f"{path}?{urlencode(given)}" if given else path)

    def call(self, method: str, path: str, content: object = None) -> Answer:
        """`content` is sent as JSON."""
        host = urlsplit(self.url)
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        body = None
        if content is not None:
            headers["Content-Type"], body = "application/json", json.dumps(content)
        try:
            connection.request(method, path, body, headers)
            answered = connection.getresponse()
            return Answer(answered.status, json.loads(answered.read() or b"{}"))
        except (OSError, ValueError, http.client.HTTPException):
            return Answer(503, {"message": "The API did not answer. Try again."})
        finally:
            connection.close()
