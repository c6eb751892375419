"""A webhook receiver to watch: `python -m local.receiver 9999 whsec_…` verifies each delivery and prints its body."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError


class Receiver(BaseHTTPRequestHandler):
    """Forged or old: 401, and nothing is printed."""

    def do_POST(self) -> None:  # http.server's name
        """Answer 204 at once: what takes long is done after."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            Webhook(sys.argv[2]).verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_response(401)
        else:
            print(body.decode(), flush=True)
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing but the bodies."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
