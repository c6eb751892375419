"""The committed OpenAPI document is what the handlers and the template say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from local.packaging import load_template

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "layers/core/evergrant/runtime/openapi.json").read_text("utf-8"))
ALIASES = ("/{version}", "/headless")


def test_it_is_what_the_handlers_say() -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'layers/core'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tools.openapi", "--check"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)

    assert checked.returncode == 0, checked.stderr


def test_it_is_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_route_of_the_template_is_described_and_no_other() -> None:
    functions = [each for each in load_template()["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    events = [event for each in functions for event in each["Properties"].get("Events", {}).values()]
    routes = {(each["Properties"]["Method"], each["Properties"]["Path"]) for each in events if each["Type"] == "Api"}
    described = {(method.upper(), path) for path, each in DOCUMENT["paths"].items() for method in each}

    assert {(method, path.replace("+}", "}")) for method, path in routes if not path.startswith(ALIASES)} == described


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [each["operationId"] for operations in DOCUMENT["paths"].values() for each in operations.values()]

    assert len(names) == len(set(names))
