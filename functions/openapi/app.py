"""GET /openapi.json and GET /docs: the API described, open to all."""

import html
import json
from importlib.resources import files
from typing import Any

from aws_lambda_powertools.event_handler import Response
from evergrant.runtime.browser import page
from evergrant.runtime.http import JSON_TYPE, Answer, Http

http = Http()
handler = http.handler

_CACHED = {"cache-control": "public, max-age=300"}


@http.get("/openapi.json")
def document() -> Answer:
    """The OpenAPI 3.1 document."""
    return Response(200, JSON_TYPE, _text(), headers=dict(_CACHED))


@http.get("/docs")
def docs() -> Answer:
    """The same, to read."""
    described: dict[str, Any] = json.loads(_text())
    rows: dict[str, list[str]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            rows.setdefault(operation["tags"][0], []).append(_row(method.upper(), path, operation))
    sections = "".join(f"<h2>{html.escape(tag)}</h2><dl>{''.join(rows[tag])}</dl>" for tag in sorted(rows))
    intro = "<p>Errors have <code>message</code>, <code>code</code>, <code>requestId</code>, <code>details</code>. "
    intro += '<a href="openapi.json">openapi.json</a> has every shape.</p>'
    return page("Evergrant API", intro + sections, cached=True)


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    names = [f"{each['name']}{'' if each.get('required') else '?'}" for each in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON_TYPE, {}).get("schema", {})
    takes = [*names, *([f"body: {_name(body)}"] if body else [])]
    taken = f" <small>{html.escape(', '.join(takes))}</small>" if takes else ""
    return f"<dt><code>{method} {html.escape(path)}</code></dt><dd>{html.escape(operation['summary'])}{taken}</dd>"


def _name(schema: dict[str, Any]) -> str:
    named = schema.get("$ref") or next((each["$ref"] for each in schema.get("anyOf", []) if "$ref" in each), "object")
    return str(named).rsplit("/", 1)[-1]


def _text() -> str:
    return (files("evergrant.runtime") / "openapi.json").read_text("utf-8")
