"""The layers as they are built: every handler imports from them alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from evergrant.catalogue.loader import made_index

ROOT = Path(__file__).parents[2]

# Isolated, and without site-packages: what is not declared in the lock file is not there.
EVERYTHING = """
import importlib, importlib.util, pathlib, pkgutil, sys
layers, functions = sys.argv[1:3], pathlib.Path(sys.argv[3])
sys.path[:0] = layers
import evergrant
for module in pkgutil.walk_packages(evergrant.__path__, "evergrant."):
    importlib.import_module(module.name)
for path in sorted(functions.glob("*/app.py")):
    spec = importlib.util.spec_from_file_location("app_" + path.parent.name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(module.handler), path
foreign = [
    name for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "")
]
assert not foreign, foreign
"""


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """This machine's twin of both layers."""
    built: list[Path] = []
    for layer in ("dependencies", "core"):
        target = tmp_path_factory.mktemp(layer)
        command = [sys.executable, ROOT / "layers/build.py", layer, target, "--host"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        built.append(target / "python")
    return built


def test_every_handler_imports_from_the_layers_alone(layers: list[Path]) -> None:
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_SERVICE_NAME": "test"}
    command = [sys.executable, "-I", "-S", "-c", EVERYTHING, *layers, ROOT / "functions"]

    done = subprocess.run(command, capture_output=True, text=True, env=environment)

    assert done.returncode == 0, done.stderr


def test_byte_code_is_shipped_and_never_checked_again(layers: list[Path]) -> None:
    sources = {path.with_suffix("").name for path in (layers[1] / "evergrant/runtime").glob("*.py")}
    compiled = list((layers[1] / "evergrant/runtime/__pycache__").glob("*.pyc"))

    assert {path.name.split(".")[0] for path in compiled} == sources
    # PEP 552: flags 0b01 say that the hash is not looked at.
    assert {path.read_bytes()[4] for path in compiled} == {1}


def test_botocore_knows_only_what_is_called(layers: list[Path]) -> None:
    services = {path.name for path in (layers[0] / "botocore/data").iterdir() if path.is_dir()}

    assert services == {"dynamodb", "kms", "sqs", "sts"}


def test_the_catalogues_index_is_built_in_and_says_what_the_files_say(layers: list[Path]) -> None:
    built = json.loads((layers[1] / "evergrant/catalogue/index.json").read_text("utf-8"))

    assert built == made_index()
