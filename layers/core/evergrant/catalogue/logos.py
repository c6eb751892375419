"""What an app is shown by: its logo (simple-icons, CC0; `make logos` writes them), or a tile with its first letter."""

import json
from functools import cache
from html import escape
from pathlib import Path

FILE = Path(__file__).parent / "logos.json"
_TILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" role="img" aria-label="{name}">'
    '<rect width="24" height="24" rx="5" fill="#5b6472"/>'
    '<text x="12" y="16.6" font-family="system-ui,sans-serif" font-size="13" font-weight="600" text-anchor="middle" '
    'fill="#fff">{letter}</text></svg>'
)
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" role="img" aria-label="{name}">'
    '<path fill="{colour}" d="{path}"/></svg>'
)


def logo(slug: str) -> str:
    """An SVG that draws and does nothing else."""
    found = _logos().get(slug)
    if found is None:
        return _TILE.format(name=escape(slug, quote=True), letter=escape(slug[:1].upper() or "?"))
    return _LOGO.format(name=escape(slug, quote=True), **found)


@cache
def _logos() -> dict[str, dict[str, str]]:
    return json.loads(FILE.read_text("utf-8"))
