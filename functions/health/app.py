"""GET /health: open; no secrets, no versions of parts."""

from aws_lambda_powertools.event_handler import Response

from evergrant.runtime.http import Http, ok

http = Http()
handler = http.handler


@http.get("/health")
def health() -> Response:
    """It answers."""
    return ok({"status": "ok"})
