"""A webhook receiver: `python receiver.py PORT whsec_…` prints the body of each notification that is news to it.

While a secret is rotated, give it both: the new one and the one before.
"""

import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

PORT, SECRETS = int(sys.argv[1]), sys.argv[2:]
seen: set[str] = set()
"""The ids of what was dealt with. In a product: a table, written in the transaction of what is done about it."""
versions: dict[str, int] = {}
"""By credential, the newest version that is known; a column of the same table."""


def verified(body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """Signed with one of the secrets within the last five minutes. Raises: WebhookVerificationError."""
    for secret in SECRETS:
        with suppress(WebhookVerificationError):
            return Webhook(secret).verify(body, headers)
    raise WebhookVerificationError("None of the secrets has signed this.")


def is_news(event: dict[str, Any]) -> bool:
    """Neither a repetition nor overtaken: an id may come again, and an older version after a newer one."""
    credential, version = event["credentialId"], event["data"].get("version", 0)
    if event["id"] in seen or version < versions.get(credential, 0):
        return False
    seen.add(event["id"])
    versions[credential] = version
    return True


class Receiver(BaseHTTPRequestHandler):
    """Forged or old: 401. Everything else: 2xx at once, also what is no news; else it would come again."""

    def do_POST(self) -> None:  # http.server's name
        """What takes long is done after the answer: it is waited for 15 seconds."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = verified(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_response(401)
        else:
            if is_news(event):
                print(body.decode(), flush=True)
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing but the bodies."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
