"""GET /connect, /connect/assets/* and /sdk/*: the modal's page, its parts, and the SDK."""

import json
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import Response
from evergrant.domain.errors import NotFoundError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.workspace import Workspace
from evergrant.runtime import wiring
from evergrant.runtime.assets import Asset, filled, folder, integrity
from evergrant.runtime.browser import BrowserHttp
from evergrant.runtime.http import JSON_TYPE, Answer, Query
from evergrant.runtime.requests import header
from evergrant.runtime.words import language_of
from pydantic import Field

http = BrowserHttp()
handler = http.handler

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"
SDK = "evergrant.js"
_OPEN = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


class ModalQuery(Query):
    """The workspace is public: it decides who may frame the page before any token arrives."""

    workspace: str = Field("", max_length=64)


@http.get("/connect")
def page(query: ModalQuery) -> Answer:
    """The modal: in a product's frame, or alone behind a hosted link."""
    found = wiring.directory().workspace(WorkspaceId(query.workspace)) if query.workspace else None
    parts = folder("modal")
    shown, style = parts.files.get("index.html"), parts.files.get("modal.css")
    if found is None or shown is None or style is None:
        raise NotFoundError("There is no such page. Ask whoever sent you here for a new link.")
    base = urlsplit(http.base_url).path
    values = {
        "assets": f"{base}/connect/assets/{parts.hash}",
        "base": base,
        "language": language_of(http.raw),
        "workspace": found.workspace_id,
        "origins": " ".join(found.origins),
    }
    headers: dict[str, str | list[str]] = {
        "content-security-policy": _policy(found, style),
        # The form of a pop-up says where it comes from; the path and the query stay here.
        "referrer-policy": "strict-origin",
        "cache-control": "no-cache",
        "vary": "accept-encoding, accept-language",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
    return _packed(filled(shown, values, style=style), headers)


@http.get("/connect/.+")
def part(path: str = "") -> Answer:
    """A part of the page, under the hash of all its parts."""
    place, _, name = (path or _rest("/connect/")).removeprefix("assets/").partition("/")
    parts = folder("modal")
    if place != parts.hash or name not in parts.files or name.endswith(".html"):
        raise NotFoundError("There is no such file.")
    return _sent(parts.files[name], FOR_EVER)


@http.get("/sdk/.+")
def sdk(path: str = "") -> Answer:
    """The SDK: under its hash for ever, under its plain name for a while."""
    name, parts = path or _rest("/sdk/"), folder("sdk")
    place, _, inside = name.partition("/")
    if name == "integrity.json" and SDK in parts.files:
        published = {
            each: {"url": f"{http.base_url}/sdk/{parts.hash}/{each}", "integrity": integrity(parts.files[each])}
            for each in sorted(parts.files)
            if each.endswith((".js", ".mjs"))
        }
        told = json.dumps({**published[SDK], "files": published})
        return Response(200, JSON_TYPE, told, headers={**_OPEN, "cache-control": FOR_A_WHILE})
    if place == parts.hash and inside in parts.files:
        return _sent(parts.files[inside], FOR_EVER, **_OPEN)
    if name in parts.files:
        return _sent(parts.files[name], FOR_A_WHILE, **_OPEN)
    raise NotFoundError("There is no such file.")


def _rest(prefix: str) -> str:
    path = str(http.raw.get("path") or "")
    return path.removeprefix(prefix) if path.startswith(prefix) else ""


def _sent(asset: Asset, caching: str, **more: str) -> Answer:
    headers: dict[str, str | list[str]] = {"cache-control": caching, "vary": "accept-encoding", **more}
    headers["content-security-policy"] = "default-src 'none'; sandbox"
    return _packed(asset, headers)


def _packed(asset: Asset, headers: dict[str, str | list[str]]) -> Answer:
    if "gzip" not in (header(http.raw, "accept-encoding") or ""):
        return Response(200, asset.media_type, asset.content.decode(), headers=headers)
    return Response(200, asset.media_type, asset.gzipped, headers={**headers, "content-encoding": "gzip"})


def _policy(workspace: Workspace, style: Asset) -> str:
    logo = urlsplit(str(workspace.branding.get("logo") or ""))
    pictures = f" {logo.scheme}://{logo.netloc}" if logo.netloc else ""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            # That one style in the page, and no other.
            f"style-src '{integrity(style)}'",
            f"img-src 'self'{pictures}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {' '.join(workspace.origins) or chr(39) + 'none' + chr(39)}",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )
