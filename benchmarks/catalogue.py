"""The catalogue's cold cost: loading one app, and listing all, each in a fresh process, in turns.

`python -m benchmarks.catalogue [--rounds N] [--json]`. The index is made as the layer's build makes it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.functions.deployment import ROOT

PROBE = """
import builtins, io, json, pathlib, sys, time
from evergrant.domain.app import App  # The schema's own import is not what is measured.
from evergrant.catalogue import loader
loader.INDEX = pathlib.Path(sys.argv[2])
opened, read = [], pathlib.Path.read_text
pathlib.Path.read_text = lambda self, *a, **k: (opened.append(self.suffix), read(self, *a, **k))[1]
began = time.perf_counter()
{"one": lambda: loader.load("shopify"), "files": loader.load_all, "index": loader.listed}[sys.argv[1]]()
print(json.dumps([opened.count(".toml"), time.perf_counter() - began]))
"""


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, rounds=5)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.json"
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/core")}
        subprocess.run([sys.executable, "-m", "evergrant.catalogue.loader", str(index)], check=True, env=environment)
        size, apps = index.stat().st_size, len(json.loads(index.read_text("utf-8"))["apps"])
        found: dict[str, list[tuple[int, float]]] = {"one": [], "index": [], "files": []}
        for number in range(asked.rounds):
            for what, measured in found.items():
                progress(f"round {number + 1} of {asked.rounds}: {what}")
                done = subprocess.run(
                    [sys.executable, "-c", PROBE, what, str(index)], check=True, env=environment, stdout=subprocess.PIPE
                )
                measured.append(tuple(json.loads(done.stdout)))
        progress_over()
    ratios = {
        what: median(seconds / one for (_, seconds), (_, one) in zip(found[what], found["one"], strict=True))
        for what in found
    }
    names = {"one": "load one app", "index": f"list all {apps} from the index", "files": f"parse all {apps} files"}
    report = Report(
        title=f"The catalogue, cold ({apps} apps; the index has {size // 1024} KiB)",
        columns=("what", "files parsed", "time as a ratio to loading one"),
        rows=[(names[what], found[what][0][0], round(ratios[what], 2)) for what in found],
        promises=[
            Promise("loading one app parses one file", found["one"][0][0] == 1),
            Promise("listing all parses none", found["index"][0][0] == 0),
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
