"""The OpenAPI 3.1 document, made from the handlers: `python -m tools.openapi` writes it, `--check` compares it."""

import importlib.util
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from evergrant.domain.app import App

from local.packaging import load_template
from tools.answers import ANSWERS, ANYTHING, PAGES, SCHEMAS

ROOT = Path(__file__).resolve().parents[1]
COMMITTED = ROOT / "layers/core/evergrant/runtime/openapi.json"
ENVIRONMENT = {"EVERGRANT_OPENAPI": "1", "POWERTOOLS_SERVICE_NAME": "openapi", "AWS_DEFAULT_REGION": "eu-central-1"}
ERRORS = {
    "400": "It cannot be read, or names something that is used up.",
    "401": "No key, or one that is not known.",
    "403": "This caller may not do that.",
    "404": "Nothing there, for this caller.",
    "422": "Well-formed but invalid; `details` names every path.",
    "503": "Storage or key service away; nothing was changed. `Retry-After` is set.",
}
METHODS = ("get", "post", "put", "patch", "delete", "head")
SECURITY: dict[str, list[dict[str, list[str]]]] = {"NONE": [], "ConnectSession": [{"connectSession": []}]}

BODIES = {"PUT /apps/{app}": {"$ref": "#/components/schemas/AppEntry"}}
"""What a handler reads itself, because more than its shape decides."""

Document = dict[str, Any]


def build() -> Document:
    """The whole document."""
    os.environ.update(ENVIRONMENT)
    guards = dict(_guards())
    paths: dict[str, Document] = {}
    schemas: dict[str, Any] = {**SCHEMAS, **_app_entry()}
    for stem, module in _handlers():
        made: Document = module.http.get_openapi_schema(title="Evergrant", version="1").model_dump(
            by_alias=True, exclude_none=True, mode="json"
        )
        components: Document = made.get("components") or {}
        models: Document = components.get("schemas") or {}
        for name, schema in models.items():
            if "ValidationError" in name:
                continue
            if schemas.setdefault(name, schema) != schema:
                raise RuntimeError(f"two models are called {name}: rename the one in functions/{stem}")
        for path, operations in made["paths"].items():
            public = _camel(path)
            for method, operation in operations.items():
                key = f"{method.upper()} {public}"
                paths.setdefault(public, {})[method] = _operation(stem, key, operation, guards[key])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Evergrant",
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"],
            "description": "Keeps the credentials that a product's users give it for other apps.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "paths": {
            path: {method: paths[path][method] for method in METHODS if method in paths[path]} for path in sorted(paths)
        },
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas)},
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "A workspace's API key: `evg_…`."},
                "connectSession": {"type": "http", "scheme": "bearer", "description": "A connect session: `evs_…`."},
            },
        },
        "security": [{"apiKey": []}],
    }


def written(document: Document) -> str:
    """The same bytes for the same document."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _operation(stem: str, key: str, operation: Document, guard: str) -> Document:
    status, schema = ANSWERS.get(key, (200, ANYTHING))
    media_type = "text/html" if key in PAGES else "application/json"
    content = {media_type: {"schema": {"type": "string"} if key in PAGES else schema}}
    failed = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    parameters: list[Document] = [
        {**each, "name": _camel_name(each["name"])} if each["in"] == "path" else each
        for each in operation.get("parameters", [])
    ]
    described = {
        "tags": [key.split("/")[1]],
        "summary": operation["summary"],
        "operationId": f"{stem}_{operation['operationId'].partition('__')[0]}",
        "parameters": parameters or None,
        "requestBody": _read_by_the_handler(key) if key in BODIES else operation.get("requestBody"),
        "responses": {str(status): {"description": "Done.", "content": content}}
        | {code: {"description": words, "content": failed} for code, words in ERRORS.items()},
        "security": SECURITY.get(guard),
    }
    return {name: value for name, value in described.items() if value is not None}


def _read_by_the_handler(key: str) -> Document:
    return {"content": {"application/json": {"schema": BODIES[key]}}, "required": True}


def _app_entry() -> Document:
    """An app's entry with all that it names; `source` says where it comes from, and is ignored when it is sent."""
    schema = App.model_json_schema(ref_template="#/components/schemas/{model}")
    named: Document = schema.pop("$defs")
    schema["properties"]["source"] = {"type": "string", "enum": ["catalogue", "override", "own"], "readOnly": True}
    schema["description"] += " Each field is explained in the catalogue's README."
    return {**named, "AppEntry": schema}


def _handlers() -> Iterator[tuple[str, ModuleType]]:
    for path in sorted(ROOT.glob("functions/*/app.py")):
        spec = importlib.util.spec_from_file_location(f"openapi_{path.parent.name}", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        if hasattr(module, "http"):
            _name(module)
            yield path.parent.name, module


def _name(module: ModuleType) -> None:
    """Each route's operation is called as its function, and summed up by its docstring's first line."""
    routes = [*module.http._static_routes, *module.http._dynamic_routes]  # noqa: SLF001  # Powertools shows them nowhere
    for route in routes:
        name, several = route.func.__name__, sum(each.func is route.func for each in routes) > 1
        route.operation_id = f"{name}_{route.method.lower()}__" if several else f"{name}__"
        route.summary = (route.func.__doc__ or name).strip().splitlines()[0]


def _guards() -> Iterator[tuple[str, str]]:
    """Each route of the template, and who may call it."""
    for resource in load_template()["Resources"].values():
        for event in (
            resource.get("Properties", {}).get("Events", {}).values() if "Function" in resource["Type"] else ()
        ):
            if event["Type"] == "Api":
                route = event["Properties"]
                yield (
                    f"{route['Method']} {route['Path'].replace('+}', '}')}",
                    route.get("Auth", {}).get("Authorizer", "ApiKey"),
                )


def _camel(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: f"{{{_camel_name(match.group(1))}}}", path)


def _camel_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def main() -> int:
    """The exit code."""
    text = written(build())
    if "--check" not in sys.argv:
        COMMITTED.write_text(text, "utf-8")
        return 0
    if COMMITTED.is_file() and COMMITTED.read_text("utf-8") == text:
        return 0
    print("openapi.json is not what the handlers say: run `make openapi` and commit it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
