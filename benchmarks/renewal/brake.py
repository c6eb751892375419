"""The brake: an app's token endpoint answers `invalid_grant` to everybody for ten minutes.

`python -m benchmarks.renewal.brake [--credentials N] [--json]`: the handlers over the emulator, in virtual time, and a
provider on loopback.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from moto import mock_aws

from benchmarks.renewal.emulated import emulated
from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.builders import HOUR, MINUTE
from tests.functions.deployment import deployed
from tests.functions.grants import REFUSAL, herd, told

UNTIL_DUE, TROUBLE = 39 * MINUTE, 10 * MINUTE
SPARED = 20
AT_MOST = 2 * HOUR
"""Until all are back: what failed several times waits for longer."""
AS_FAST_AS_MAY_BE = [{"requests": 10_000, "seconds": 1}]


@dataclass(frozen=True, slots=True)
class Braked:
    """What became of a herd whose provider had lost its mind."""

    refused: int
    during: Mapping[str, int]
    """Statuses at the trouble's end."""
    after: Mapping[str, int]
    back_within: timedelta
    told: Mapping[str, int]
    """Events, by their types."""


def braked(credentials: int, *, aws: Callable[[], AbstractContextManager[object]] = mock_aws) -> Braked:
    """All come due while it lasts."""
    with deployed(aws) as functions, herd(functions, credentials, limits=AS_FAST_AS_MAY_BE) as herd_:
        herd_.time.skip(UNTIL_DUE)
        herd_.time.pass_(MINUTE)
        herd_.provider.says = REFUSAL
        herd_.time.pass_(TROUBLE)
        herd_.provider.says = None
        refused, during, ended = len(herd_.provider.calls), herd_.statuses(), herd_.time.now()
        while (now := herd_.statuses()).get("degraded") and herd_.time.now() < ended + AT_MOST:
            progress(f"{credentials} credentials: {now}")
            herd_.time.pass_(MINUTE)
        progress_over()
        return Braked(refused, during, herd_.statuses(), herd_.time.now() - ended, told())


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=500)
    found = braked(asked.credentials, aws=emulated)
    expired, held = (found.during.get(each, 0) for each in ("expired", "degraded"))
    back = found.after.get("active", 0)
    minutes = found.back_within // MINUTE
    report = Report(
        "An app that refuses everybody for ten minutes",
        ("credentials", "refusals", "expired", "degraded", "active again", "minutes until then"),
        [[asked.credentials, found.refused, expired, held, back, minutes]],
        [
            Promise(
                f"{expired} expired (at most {SPARED}), and all others are held.", _is_held(found, asked.credentials)
            ),
            Promise("All that were held came back by themselves.", back == asked.credentials - expired),
            Promise(
                "Each that expired, and each that came back, is told of once.",
                (found.told.get("credential.expired"), found.told.get("credential.recovered")) == (expired, back),
            ),
        ],
    )
    return finish(report, as_json=asked.json)


def _is_held(found: Braked, credentials: int) -> bool:
    expired = found.during.get("expired", 0)
    return expired <= SPARED and found.during == {"expired": expired, "degraded": credentials - expired}


if __name__ == "__main__":
    sys.exit(main())
