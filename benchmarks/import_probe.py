"""Run alone in a fresh process: import one handler, call it with each event given, and say what is in memory.

`python benchmarks/import_probe.py FILE < EVENTS`: a JSON list of events in, one JSON object out.
"""

import json
import sys
import time


def main() -> None:
    """It imports as little as it can itself."""
    path = sys.argv[1]
    events = json.load(sys.stdin)
    import importlib.util

    spec = importlib.util.spec_from_file_location("app", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    before, began = len(sys.modules), time.perf_counter()
    spec.loader.exec_module(module)
    took, imported = time.perf_counter() - began, sorted(sys.modules)
    answers = [module.handler(event, None) for event in events]
    found = {"seconds": took, "before": before, "imported": imported, "after_calls": sorted(sys.modules)}
    print(json.dumps(found | {"statuses": [answer["statusCode"] for answer in answers]}))


main()
