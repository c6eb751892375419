"""GET /health: open; no secrets, no versions of parts."""

from evergrant.runtime.http import Answer, Http, ok

http = Http()
handler = http.handler


@http.get("/health")
def health() -> Answer:
    """It answers."""
    return ok({"status": "ok"})
