"""`evergrant events`: what happens, as it does; and what happened, sent again to its receivers."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

from tools.stack import RefusedError, Stack

OVERLAP = timedelta(seconds=30)
"""An event may be written a little after another with a later time: this much is read again, and shown once."""
AGES = {"m": "minutes", "h": "hours", "d": "days"}
GREEN, YELLOW, RED, PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
COLOURS = {
    **dict.fromkeys(("credential.created", "credential.reconnected", "credential.recovered"), GREEN),
    **dict.fromkeys(("credential.expiring", "credential.degraded", "credential.scopes_changed"), YELLOW),
    **dict.fromkeys(("credential.expired", "credential.deleted", "app.misconfigured", "endpoint.disabled"), RED),
}
TYPE_WIDTH, BAR_WIDTH = 25, 30

Event = dict[str, Any]
Pause = Callable[[float], None]


def moment(text: str) -> str:
    """For argparse: a time, or an age such as `90m`, `6h`, `7d`."""
    if text[-1:] in AGES and text[:-1].isdecimal():
        return (datetime.now(UTC) - timedelta(**{AGES[text[-1]]: int(text[:-1])})).isoformat()
    at = zoned(text)
    if at is None:
        raise argparse.ArgumentTypeError(f"{text} is no time such as 2026-11-24T09:00:00Z, and no age such as 6h")
    return at.isoformat()


def zoned(text: str) -> datetime | None:
    """The time, if it is one with its zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def tail(stack: Stack, asked: argparse.Namespace, pause: Pause, *, to: TextIO | None = None) -> None:
    """Until it is stopped. Raises: RefusedError."""
    out = to or sys.stdout
    colours = out.isatty() and "NO_COLOR" not in os.environ
    for event in _followed(stack, asked, pause):
        if _fits(event, asked):
            line = json.dumps(event) if asked.json else _line(event, colours=colours)
            print(line, file=out, flush=True)


def _followed(stack: Stack, asked: argparse.Namespace, pause: Pause) -> Iterator[Event]:
    """Each once, in the order of their times as far as one look sees them."""
    workspaces = _workspaces(stack, asked)
    since = datetime.fromisoformat(asked.since) if asked.since else datetime.now(UTC)
    seen: set[str] = set()
    while True:
        found = [each for name in workspaces for each in _happened(stack, name, since)]
        for event in sorted(found, key=lambda each: (each["timestamp"], each["id"])):
            if event["id"] not in seen:
                yield event
            since = max(since, datetime.fromisoformat(event["timestamp"]) - OVERLAP)
        seen = {each["id"] for each in found}
        pause(asked.every)


def _happened(stack: Stack, workspace: str, since: datetime) -> Iterator[Event]:
    question = {"action": "events", "workspaceId": workspace, "since": since.isoformat()}
    for part in stack.parts(question):
        yield from ({"workspaceId": workspace, **each} for each in part["events"])


def _fits(event: Event, asked: argparse.Namespace) -> bool:
    held = {
        "type": {event["type"]},
        "app": {event["data"].get("app")},
        "credential": {event["credentialId"]},
        "user": {event["userId"], event["userEmail"]},
    }
    return all(getattr(asked, name) is None or getattr(asked, name) in values for name, values in held.items())


def _line(event: Event, *, colours: bool) -> str:
    type_ = event["type"].ljust(TYPE_WIDTH)
    colour = COLOURS.get(event["type"]) if colours else None
    data = event["data"]
    told = [data.get("app"), data.get("status"), event["credentialId"], event["userEmail"] or event["userId"]]
    told += [data.get("reason"), data.get("providerError")]
    # Names and reasons come from outside: nothing of them may act upon the terminal.
    rest = "".join(each for each in "  ".join(str(each) for each in told if each) if each.isprintable())
    return f"{event['timestamp']}  {f'{colour}{type_}{PLAIN}' if colour else type_}  {rest}"


def replay(stack: Stack, asked: argparse.Namespace, pause: Pause) -> None:
    """To all endpoints that are awake, or to one; shown until the last has ended. Raises: RefusedError."""
    window = {"since": asked.since, "until": asked.until, "types": asked.type, "onlyFailed": asked.failed}
    begun = [stack.ask({"action": "replay", **endpoint, **window}) for endpoint in _endpoints(stack, asked)]
    try:
        ended = _watched(stack, begun, pause)
    except KeyboardInterrupt:
        print("\nThe replay goes on in the background.", file=sys.stderr)
        raise
    for each in ended:
        if asked.json:
            print(json.dumps(each))
        else:
            why = f" ({each['reason']})" if each["reason"] else ""
            print(f"{each['endpointId']}: {each['state']}{why}, {each['replayed']:,} of {each['scanned']:,} events")


def _watched(stack: Stack, replays: list[Event], pause: Pause) -> list[Event]:
    while True:
        running = [each for each in replays if each["state"] == "running"]
        if sys.stderr.isatty():
            print(f"\r{_bar(replays)}\x1b[K", end="" if running else "\n", file=sys.stderr, flush=True)
        if not running:
            return replays
        pause(1)
        replays = [stack.ask(_progress(each)) if each in running else each for each in replays]


def _progress(replay: Event) -> Event:
    return {"action": "replay_progress", "workspaceId": replay["workspaceId"], "replayId": replay["replayId"]}


def _bar(replays: list[Event]) -> str:
    """How much was looked at; no bar where that is of an unknown number."""
    scanned, sent = (sum(each[name] for each in replays) for name in ("scanned", "replayed"))
    totals = [each["scanned"] if each["state"] != "running" else each["total"] for each in replays]
    told = f"{scanned:,} events looked at, {sent:,} sent again"
    if None in totals:
        return told
    share = min(1.0, scanned / (sum(totals) or 1)) if sum(totals) else 1.0
    return f"[{'#' * int(share * BAR_WIDTH):{BAR_WIDTH}}] {share:4.0%}  {told}"


def _endpoints(stack: Stack, asked: argparse.Namespace) -> list[Event]:
    found = [
        {"workspaceId": workspace, **each}
        for workspace in _workspaces(stack, asked)
        for each in stack.ask({"action": "endpoints", "workspaceId": workspace})["endpoints"]
        if asked.endpoint in (None, each["endpointId"])
    ]
    asleep = [each for each in found if each["status"] in ("paused", "disabled")]
    for each in asleep:
        print(f"{each['endpointId']} is {each['status']}: resume it first, by a PATCH.", file=sys.stderr)
    awake = [each for each in found if each not in asleep]
    if not awake:
        raise RefusedError("there is no endpoint to send anything to.")
    return [{name: each[name] for name in ("workspaceId", "endpointId")} for each in awake]


def _workspaces(stack: Stack, asked: argparse.Namespace) -> list[str]:
    if asked.workspace:
        return [asked.workspace]
    return [each for part in stack.parts({"action": "workspaces"}) for each in part["workspaces"]]
