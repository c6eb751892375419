"""Lays out the layers for the template's runtime and platform, from any Python 3.11 or newer; no container.

`sam build` calls it by the layers' Makefiles; `make build` and the tests call it directly:

    python3 layers/build.py dependencies TARGET [--host]
    python3 layers/build.py core TARGET [--host]
    python3 layers/build.py wheels TARGET

`wheels` fetches what both would install, here and for Lambda: with `PIP_NO_INDEX=1` and `PIP_FIND_LINKS=TARGET` they
are then built without network. `--host` lays out this machine's twin instead, from this interpreter.
"""

import argparse
import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = "3.13"
PLATFORM = "manylinux2014_aarch64"
LAMBDA = ("--python-version", RUNTIME, "--platform", PLATFORM, "--implementation", "cp", "--only-binary", ":all:")
PROBE_SECONDS, COMPILE_SECONDS = 10.0, 600.0
SERVICES = frozenset({"dynamodb", "events", "kms", "sqs", "sts"})
"""The AWS services that the adapters call: of botocore's data only theirs is kept."""
SCHEMA_NEEDS = frozenset({"annotated-types", "pydantic", "pydantic-core", "typing-extensions", "typing-inspection"})
"""What the catalogue's schema imports, to make its index."""
_ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "README.md", "node_modules")
SHARED_DATA = frozenset({"endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json"})


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Lay out a layer.")
    parser.add_argument("layer", choices=("dependencies", "core", "wheels"))
    parser.add_argument("target", type=Path)
    parser.add_argument("--host", action="store_true", help="this machine's twin")
    asked = parser.parse_args()
    if asked.layer == "wheels":
        _fetch(asked.target)
        return 0
    packages = asked.target.resolve() / "python"
    packages.mkdir(parents=True, exist_ok=True)
    if asked.layer == "core":
        shutil.copytree(ROOT / "layers/core/evergrant", packages / "evergrant", ignore=_ignored, dirs_exist_ok=True)
        if (ROOT / "connect").is_dir():
            shutil.copytree(
                ROOT / "connect", packages / "evergrant/connect_assets", ignore=_ignored, dirs_exist_ok=True
            )
        _index(packages)
    else:
        _install(packages, ROOT / "requirements/runtime.txt", *(() if asked.host else LAMBDA))
        _prune(packages)
    compiled = _compile(packages, host=asked.host)
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    code = (
        "with byte-code" if compiled else f"as source: no Python {RUNTIME} here to compile with, so starts are slower"
    )
    print(f"{asked.layer} layer: {size / 1e6:.1f} MB {code}")
    return 0


def _index(packages: Path) -> None:
    """The catalogue's index: listing hundreds of apps must not parse hundreds of files. It is made with this machine's
    twin of what the app schema imports."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "schema.txt"
        lock.write_text("".join(_locked(SCHEMA_NEEDS)), "utf-8")
        _install(Path(folder) / "packages", lock)
        command = [sys.executable, "-m", "evergrant.catalogue.loader", str(packages / "evergrant/catalogue/index.json")]
        path = os.pathsep.join([str(packages), f"{folder}/packages"])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(command, check=True, env=environment)


def _locked(names: frozenset[str]) -> list[str]:
    """Their entries in the lock file, hashes and all."""
    kept, wanted = [], False
    for line in (ROOT / "requirements/runtime.txt").read_text("utf-8").splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            wanted = line.partition("==")[0] in names
        if wanted and not line.lstrip().startswith("#"):
            kept.append(line)
    return kept


def _fetch(target: Path) -> None:
    for platform in ((), LAMBDA):
        _pip("download", ROOT / "requirements/runtime.txt", "--dest", str(target), *platform)


def _install(packages: Path, requirements: Path, *platform: str) -> None:
    _pip("install", requirements, "--no-compile", "--target", str(packages), "--upgrade", *platform)


def _pip(verb: str, requirements: Path, *more: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--requirement", str(requirements)),
        *more,
    ]
    subprocess.run(command, check=True)


def _prune(packages: Path) -> None:
    """What no function reads at run time."""
    for data in (packages / "botocore/data").iterdir():
        if data.name not in SERVICES | SHARED_DATA:
            shutil.rmtree(data) if data.is_dir() else data.unlink()
    for pattern in ("**/tests", "boto3/data", "boto3/examples", "bin", "**/swagger_ui"):
        for path in list(packages.glob(pattern)):
            shutil.rmtree(path)
    for path in [*packages.rglob("*.pyi"), *packages.rglob("*.exe")]:
        path.unlink()


def _compile(packages: Path, *, host: bool) -> bool:
    """Unchecked-hash byte-code: nothing is looked at again at a cold start, whatever the files' times are."""
    if host:
        return compileall.compile_dir(
            packages, quiet=2, workers=0, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    python = _runtime_python()
    if python is None:
        return False
    command = [python, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", str(packages)]
    done = _ran(command, seconds=COMPILE_SECONDS)
    # What lies there counts, and not what the program said.
    return done is not None and done.returncode == 0 and all(map(_is_compiled, packages.rglob("*.py")))


def _is_compiled(source: Path) -> bool:
    tag = f"cpython-{RUNTIME.replace('.', '')}"
    return (source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc").is_file()


def _runtime_python() -> str | None:
    """An interpreter of the template's runtime that really runs: a shim of that name may only pretend."""
    for name in (sys.executable, os.environ.get("RUNTIME_PYTHON", ""), f"python{RUNTIME}"):
        found = shutil.which(name) if name else None
        probe = [found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"] if found else None
        if probe is None:
            continue
        answer = _ran(probe, seconds=PROBE_SECONDS)
        if answer and answer.returncode == 0 and answer.stdout.strip() == RUNTIME:
            return found
    return None


def _ran(command: list[str], *, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """None where it is no program, or does not end."""
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds)
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        return None


if __name__ == "__main__":
    sys.exit(main())
