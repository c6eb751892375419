"""KMS calls: one a branch key and cold environment, none a warm read or write.

`python -m benchmarks.kms_calls [--json]`
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest.mock import patch

from evergrant.adapters.kms.branch_keys import CACHED_FOR, SHARED
from evergrant.adapters.system.clock import SystemClock
from evergrant.runtime import wiring

from benchmarks.deployment import Deployment, running
from benchmarks.report import Promise, Report, arguments, finish

TIMES = 25


@dataclass(frozen=True, slots=True)
class Measured:
    """The KMS calls of `uses` uses of one kind."""

    use: str
    uses: int
    data_keys: int
    decrypts: int
    promised: int

    @property
    def calls(self) -> int:
        return self.data_keys + self.decrypts


class _Later(SystemClock):
    """The same environment, after its branch keys' time."""

    def now(self) -> datetime:
        return super().now() + CACHED_FOR + timedelta(seconds=1)


def measure() -> list[Measured]:
    """Through the handlers, in this order: each line goes on where the one before it ended."""
    with running() as deployment:
        return _measured(deployment)


def _measured(deployment: Deployment) -> list[Measured]:
    made: list[str] = []

    def write() -> None:
        made.append(deployment.create_credential())

    def read() -> None:
        deployment.fresh_token(made[0])

    def read_old_and_new() -> None:
        deployment.fresh_token(made[0])
        deployment.fresh_token(made[-1])

    def rotate() -> None:
        wiring.branch_keys().make_next(SHARED)

    def own() -> None:
        wiring.branch_keys().make_next(deployment.functions.workspace_id)

    def write_and_read_both() -> None:
        write()
        read_old_and_new()

    def counted(use: str, act: Callable[[], None], *, times: int = 1, promised: int) -> Measured:
        with deployment.counting() as calls:
            for _ in range(times):
                act()
        found = calls.of("kms")
        keys, decrypts = found.pop("GenerateDataKey", 0), found.pop("Decrypt", 0)
        assert not found, found
        return Measured(use, times, keys, decrypts, promised)

    measured = [
        counted("the deployment's first write", write, promised=1),
        counted("warm writes", write, times=TIMES, promised=0),
        counted("warm reads", read, times=TIMES, promised=0),
    ]
    deployment.cool()
    measured += [
        counted("a cold environment's first read", read, promised=1),
        counted("warm reads after it", read, times=TIMES, promised=0),
    ]
    deployment.cool()
    measured += [
        counted("a cold environment's first write", write, promised=1),
        counted("warm writes after it", write, times=TIMES, promised=0),
        counted("a rotation", rotate, promised=1),
        counted("the first write under the new branch key", write, promised=0),
    ]
    deployment.cool()
    measured.append(counted("a cold read of a credential of either branch key", read_old_and_new, promised=2))
    deployment.cool()
    measured.append(counted("a cold environment's first read, once more", read, promised=1))
    later = _Later()
    with patch.object(wiring.branch_keys(), "_clock", later):
        measured += [
            counted("its first read after five minutes", read, promised=1),
            counted("warm reads after that", read, times=TIMES, promised=0),
        ]
    measured.append(counted("a branch key of the workspace's own", own, promised=1))
    deployment.cool()
    measured += [
        counted("a cold environment's first write under it", write, promised=1),
        counted("a first read of what stands under the shared one", read, promised=1),
        counted("warm writes and reads of either", write_and_read_both, times=TIMES, promised=0),
    ]
    return measured


def main() -> int:
    """Print it."""
    options = arguments(__doc__)
    measured = measure()
    report = Report(
        title="KMS calls",
        columns=("use", "times", "GenerateDataKey", "Decrypt", "promised"),
        rows=[(each.use, each.uses, each.data_keys, each.decrypts, each.promised) for each in measured],
        promises=[
            Promise(
                "One KMS call a branch key and cold environment, none a warm read or write.",
                all(each.calls == each.promised for each in measured),
            )
        ],
    )
    return finish(report, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
