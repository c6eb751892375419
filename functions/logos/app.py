"""GET /logos/{app}: what an app is shown by, open to all."""

from aws_lambda_powertools.event_handler import Response
from evergrant.catalogue.logos import logo
from evergrant.runtime.http import Answer, Http

http = Http()
handler = http.handler

_HEADERS = {"cache-control": "public, max-age=86400", "content-security-policy": "default-src 'none'; sandbox"}
LONGEST = 64


@http.get("/logos/<app>")
def get(app: str) -> Answer:
    """An app's logo as SVG; a letter where there is none."""
    return Response(200, "image/svg+xml", logo(app.removesuffix(".svg")[:LONGEST]), headers=dict(_HEADERS))
