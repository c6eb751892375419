"""The OpenAPI document, to read: its routes by their subjects, and the shapes of what they take."""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from evergrant.runtime.http import JSON_TYPE

STYLE = "body{max-width:60rem;margin:2rem auto}pre{overflow-x:auto}dd{margin:0 0 .75rem 1.5rem}ul{margin:0}"

Schema = Mapping[str, Any]


def documentation(document: Schema, *, base_url: str) -> str:
    """HTML; whatever comes from the document is escaped."""
    rows: dict[str, list[str]] = {}
    taken: dict[str, None] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            rows.setdefault(operation["tags"][0], []).append(_row(method.upper(), path, operation))
            taken |= dict.fromkeys(_named(operation.get("requestBody", {})))
    sections = "".join(f"<h2>{escape(tag)}</h2><dl>{''.join(rows[tag])}</dl>" for tag in sorted(rows))
    shapes: Schema = document["components"]["schemas"]
    shown = "".join(_shape(name, shapes[name]) for name in sorted(_reached(taken, shapes)))
    return f"{_intro(base_url)}{sections}<h2>What is sent</h2><dl>{shown}</dl>"


def _intro(base_url: str) -> str:
    example = f"curl -H 'Authorization: Bearer evg_…' -H 'Content-Type: application/json' \\\n  {base_url}/users"
    return (
        f'<pre><code>{escape(example, quote=False)} -d \'{{"username": "ada@example.com"}}\'</code></pre>'
        "<p>Errors have <code>message</code>, <code>code</code>, <code>requestId</code>, <code>details</code>. "
        '<a href="openapi.json">openapi.json</a> has every shape, of the answers too.</p>'
    )


def _row(method: str, path: str, operation: Schema) -> str:
    takes = [escape(f"{each['name']}{'' if each.get('required') else '?'}") for each in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON_TYPE, {}).get("schema")
    takes += [f"body: {_type(body)}"] if body else []
    taken = f" <small>{', '.join(takes)}</small>" if takes else ""
    return f"<dt><code>{method} {escape(path)}</code></dt><dd>{escape(operation['summary'])}{taken}</dd>"


def _shape(name: str, schema: Schema) -> str:
    needed = schema.get("required", ())
    fields = "".join(
        f"<li><code>{escape(field)}{'' if field in needed else '?'}</code> {_type(each)}</li>"
        for field, each in schema.get("properties", {}).items()
    )
    said = escape(schema.get("description", ""))
    return f'<dt id="{escape(name)}"><code>{escape(name)}</code></dt><dd>{said}<ul>{fields}</ul></dd>'


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = escape(_name(schema))
        return f'<a href="#{name}">{name}</a>'
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        return " or ".join(_type(each) for each in several)
    if "enum" in schema or "const" in schema:
        return " | ".join(escape(str(each)) for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type", "any")))


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _named(part: object) -> list[str]:
    """The shapes that a part of the document names."""
    return re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part))


def _reached(names: Mapping[str, None], shapes: Schema) -> set[str]:
    """These, and all that they name."""
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _named(shapes[name])
    return found
