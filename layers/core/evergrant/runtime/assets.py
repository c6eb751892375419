"""The modal's and the SDK's files: one hash over a folder stands in its addresses, so that they can be kept for ever.

They are `connect/` of the repository; the core layer has a copy of it as `connect_assets` (`layers/build.py`).
"""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

_INSIDE = Path(__file__).parents[1] / "connect_assets"
_SOURCE = Path(__file__).parents[4] / "connect"
HASH_CHARACTERS = 16
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mts": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    media_type: str
    content: bytes
    gzipped: bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """Files by their paths, and what changes when one of them does."""

    hash: str
    files: dict[str, Asset]


def root() -> Path:
    """Where the files are: in the layer, or on a developer's machine."""
    return _INSIDE if _INSIDE.is_dir() else _SOURCE


@cache
def folder(name: str) -> Folder:
    """`modal` or `sdk`."""
    files: dict[str, Asset] = {}
    digest = hashlib.sha256()
    base = root() / name
    for path in sorted(base.rglob("*")):
        media_type = TYPES.get(path.suffix)
        if media_type is None or not path.is_file():
            continue
        content, name_ = path.read_bytes(), path.relative_to(base).as_posix()
        digest.update(f"{name_}\0{len(content)}\0".encode() + content)
        files[name_] = _asset(media_type, content)
    return Folder(digest.hexdigest()[:HASH_CHARACTERS], files)


def integrity(asset: Asset) -> str:
    """As a script's `integrity` has it (Subresource Integrity), and a policy's `style-src`."""
    return f"sha384-{base64.b64encode(hashlib.sha384(asset.content).digest()).decode()}"


def filled(page: Asset, values: dict[str, str], *, style: Asset) -> Asset:
    """The page with its style inside, and its `{{placeholders}}` filled, each escaped for an attribute."""
    text = page.content.decode().replace("{{style}}", style.content.decode())
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", escape(value, quote=True))
    return _asset(page.media_type, text.encode())


def _asset(media_type: str, content: bytes) -> Asset:
    return Asset(media_type, content, gzip.compress(content, mtime=0))
