"""`evergrant renewals`: what is due, degraded and failing, by app."""

import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TextIO

from tools.stack import Stack

COLUMNS = ("all", "active", "degraded", "expired", "due", "renewing")
FAILURE = "failure:"
YELLOW, RED, PLAIN = "\x1b[33m", "\x1b[31m", "\x1b[0m"
COLOURS = {"degraded": YELLOW, "expired": RED}
CLEARED = "\x1b[H\x1b[J"

Counts = dict[str, Counter[str]]


def show_renewals(
    stack: Stack, *, as_json: bool, follow: float | None, pause: Callable[[float], None], to: TextIO | None = None
) -> None:
    """Once, or again and again every `follow` seconds until it is stopped. Raises: RefusedError."""
    out = to or sys.stdout
    while True:
        apps = surveyed(stack)
        if as_json:
            print(
                json.dumps({"apps": {app: dict(counts) for app, counts in sorted(apps.items())}}), file=out, flush=True
            )
        else:
            print(CLEARED if follow and out.isatty() else "", end="", file=out)
            for line in table(apps, colours=out.isatty() and "NO_COLOR" not in os.environ):
                print(line, file=out, flush=True)
        if follow is None:
            return
        pause(follow)


def surveyed(stack: Stack) -> Counts:
    """All of them, part by part; on a terminal it is told how far that is."""
    apps: Counts = defaultdict(Counter)
    after: str | None = None
    while True:
        part = stack.ask({"action": "renewals", "after": after})
        for app, counts in part["apps"].items():
            apps[app].update(counts)
        after = part["after"]
        if sys.stderr.isatty():
            looked_at = sum(counts["all"] for counts in apps.values())
            print(
                f"\rlooked at {looked_at:,} credentials", end="" if after else "\r\x1b[K", file=sys.stderr, flush=True
            )
        if after is None:
            return apps


def table(apps: Counts, *, colours: bool) -> list[str]:
    """Who is in trouble comes first."""
    if not apps:
        return ["There are no credentials yet."]
    width = max(len("app"), *map(len, apps))
    lines = ["  ".join(["app".ljust(width), *(f"{name:>8}" for name in COLUMNS), "failing"])]
    for app, counts in sorted(apps.items(), key=lambda each: (-each[1]["degraded"], -each[1]["expired"], each[0])):
        cells = [_cell(name, counts[name], colours=colours) for name in COLUMNS]
        failing = {name.removeprefix(FAILURE): n for name, n in counts.most_common() if name.startswith(FAILURE)}
        lines.append(
            "  ".join([app.ljust(width), *cells, ", ".join(f"{name} {n}" for name, n in failing.items())]).rstrip()
        )
    return lines


def _cell(name: str, count: int, *, colours: bool) -> str:
    text = f"{count:>8,}"
    return f"{COLOURS[name]}{text}{PLAIN}" if colours and count and name in COLOURS else text
