"""`evergrant logs`: the functions' own lines, of which each is one JSON object."""

import time
from collections.abc import Callable, Iterator

from tools.stack import RefusedError, Stack

GROUPS = ("functions", "releases")
Line = tuple[int, str, str]
"""When (in milliseconds), from which stream, what."""
OVERLAP_SECONDS = 60
"""Lines come late, and not in order: each look reads that much again."""


def show_logs(
    stack: Stack, *, holding: str | None, minutes: float, follow: float | None, pause: Callable[[float], None]
) -> None:
    """Oldest first; with `follow`, look again after that many seconds, until stopped. Raises: RefusedError."""
    seen, since = set[Line](), time.time() - minutes * 60
    while True:
        began = time.time()
        found = {line for group in GROUPS for line in _lines(stack, group, holding, since)} - seen
        for _, _, text in sorted(found):
            print(text, flush=True)
        seen |= found
        if follow is None:
            return
        since = began - OVERLAP_SECONDS
        pause(follow)


def _lines(stack: Stack, group: str, holding: str | None, since: float) -> Iterator[Line]:
    """Without what Lambda itself says of each invocation."""
    pages = stack.clients.client("logs").get_paginator("filter_log_events")
    narrowed = {"filterPattern": f'"{holding}"'} if holding else {}
    name = f"/evergrant/{stack.name}/{group}"
    try:
        for page in pages.paginate(logGroupName=name, startTime=int(since * 1000), **narrowed):
            for each in page["events"]:
                if each["message"].startswith("{"):
                    yield each["timestamp"], each["logStreamName"], each["message"].strip()
    except Exception as error:
        raise RefusedError(f"the log {name} could not be read ({error}). Name the stack by --stack.") from error
