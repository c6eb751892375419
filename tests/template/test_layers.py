"""The layers as they are built: every handler imports from them alone."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


WITHOUT_NETWORK = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(ROOT / ".tools/wheels")}


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """This machine's twin of both layers."""
    built: list[Path] = []
    for layer in ("dependencies", "core"):
        target = tmp_path_factory.mktemp(layer)
        command = [sys.executable, ROOT / "layers/build.py", layer, target, "--host"]
        done = subprocess.run(command, capture_output=True, text=True, env=WITHOUT_NETWORK)
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

    assert services == {"dynamodb", "events", "kms", "sqs", "sts"}


def test_the_catalogues_index_is_built_in_and_says_what_the_files_say(layers: list[Path]) -> None:
    built = json.loads((layers[1] / "evergrant/catalogue/index.json").read_text("utf-8"))

    assert built == made_index()


def build_script() -> Any:
    spec = importlib.util.spec_from_file_location("layers_build", ROOT / "layers/build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHIMS = {
    "no program at all": "",
    "not for this machine": "\x7fELF",
    "another version": "#!/bin/sh\necho 3.12\n",
    "nothing said": "#!/bin/sh\n",
    "an error": "#!/bin/sh\necho 3.13\nexit 1\n",
    "never ending": "#!/bin/sh\nexec sleep 30\n",
}


@pytest.mark.parametrize("shim", [*SHIMS, "one that only says 3.13"])
def test_what_only_looks_like_the_runtimes_python_makes_no_byte_code(
    shim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = build_script()
    python = tmp_path / "python3.13"
    python.write_text(SHIMS.get(shim, "#!/bin/sh\necho 3.13\n"))
    python.chmod(0o755)
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "module.py").write_text("")
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("RUNTIME_PYTHON", "")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(build, "PROBE_SECONDS", 1.0)

    assert build._compile(packages, host=False) is False  # noqa: SLF001  # the step itself


def test_the_layer_for_lambda_has_its_machines_code_alone(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "layers/build.py", "dependencies", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env=WITHOUT_NETWORK)

    machines = {path: path.read_bytes()[18:20] for path in (tmp_path / "python").rglob("*.so")}
    tags = {path.name.split(".", 1)[1] for path in machines}

    assert done.returncode == 0, done.stderr
    assert machines
    # ELF's e_machine: 183 is AArch64.
    assert set(machines.values()) == {(183).to_bytes(2, "little")}
    assert tags <= {"cpython-313-aarch64-linux-gnu.so", "abi3.so", "so"}
