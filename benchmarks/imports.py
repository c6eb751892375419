"""What each handler imports, in a fresh process each; and how long that takes, as a ratio to a bare handler's.

`python -m benchmarks.imports [--rounds N] [--json]`: in each round the bare handler and all others run in turn.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.aws_door import aws_door
from benchmarks.deployment import KLAVIYO, NAME, running
from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.functions.deployment import ENVIRONMENT, ROOT

HEAVY = ("requests", "oauthlib", "aws_xray_sdk", "boto3.resources", "cryptography", "pydantic")
NOT_ON_THE_HOT_PATH = HEAVY[:4]
BARE = ROOT / "benchmarks" / "bare_handler.py"
PROBE = ROOT / "benchmarks" / "import_probe.py"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process had imported at one moment."""

    modules: int
    """Beside the interpreter's own."""
    heavy: frozenset[str]


@dataclass(frozen=True, slots=True)
class Probed:
    """One process: after the import, and after the calls."""

    imported: Loaded
    called: Loaded
    seconds: float


def handlers() -> dict[str, Path]:
    """Each function's module."""
    return {path.parent.name: path for path in sorted(ROOT.glob("functions/*/app.py"))}


def probe(path: Path, events: Sequence[object] = (), *, environment: dict[str, str] | None = None) -> Probed:
    """One fresh process. Raises: AssertionError unless each call succeeds."""
    quiet = {**ENVIRONMENT, "POWERTOOLS_LOG_LEVEL": "CRITICAL", "PYTHONPATH": str(ROOT / "layers" / "core")}
    quiet |= {"PATH": os.environ.get("PATH", ""), **(environment or {})}
    done = subprocess.run(
        [sys.executable, str(PROBE), str(path)],
        input=json.dumps(events).encode(),
        env=quiet,
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    assert all(status < 300 for status in found["statuses"]), found["statuses"]
    return Probed(_loaded(found, "imported"), _loaded(found, "after_calls"), found["seconds"])


def _loaded(found: dict[str, Any], moment: str) -> Loaded:
    names = set(found[moment])
    return Loaded(len(names) - found["before"], frozenset(each for each in HEAVY if each in names))


def probe_warm() -> dict[str, Probed]:
    """The main routes with a cold and a warm call each, over moto in another process."""
    with running() as deployment, aws_door() as address:
        path = f"/credentials/{deployment.create_credential()}"
        event = deployment.functions.event
        events = {
            "fresh_token": event("POST", f"{path}/token", {}),
            "get_credential": event("GET", path),
            "list_credentials": event("GET", f"/users/{NAME}/credentials"),
            "create_credential": event("POST", "/credentials", {"userId": NAME, "credential": KLAVIYO}),
        }
        environment = {"AWS_ENDPOINT_URL": address, "KMS_KEY_ARN": os.environ["KMS_KEY_ARN"]}
        return {name: probe(handlers()[name], [each, each], environment=environment) for name, each in events.items()}


def ratios(*, rounds: int) -> dict[str, float]:
    """The median over the rounds of each handler's import time over the bare one's of the same round."""
    found: dict[str, list[float]] = {name: [] for name in handlers()}
    for number in range(rounds):
        bare = probe(BARE).seconds
        for name, path in handlers().items():
            progress(f"round {number + 1} of {rounds}: {name}")
            found[name].append(probe(path).seconds / bare)
    progress_over()
    return {name: median(each) for name, each in found.items()}


def main() -> int:
    """Print it."""
    options = arguments(__doc__, rounds=7)
    ratio, warm = ratios(rounds=options.rounds), probe_warm()
    rows: list[tuple[str, Loaded, float | None]] = [("(the bare handler)", probe(BARE).imported, 1.0)]
    for name, path in handlers().items():
        rows.append((name, probe(path).imported, ratio[name]))
        if name in warm:
            rows.append((f"{name}, after two calls", warm[name].called, None))
    report = Report(
        title=f"Imports of each handler ({options.rounds} rounds)",
        columns=("handler", "modules", *HEAVY, "time / bare"),
        rows=[(name, loaded.modules, *(each in loaded.heavy for each in HEAVY), times) for name, loaded, times in rows],
        promises=[
            Promise(
                f"The fresh-token handler, imported and called, has none of {', '.join(NOT_ON_THE_HOT_PATH)}.",
                not warm["fresh_token"].called.heavy.intersection(NOT_ON_THE_HOT_PATH),
            )
        ],
    )
    return finish(report, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
