"""`evergrant`: what an owner with AWS rights does beside the API.

./evergrant workspace create --name Shop --environment production [--own-key] [--kms-key ARN] [--json]
./evergrant keys own WORKSPACE [--kms-key ARN]     ./evergrant keys rotate     ./evergrant keys rewrap
./evergrant renewals [--follow] [--json]           ./evergrant restore --from TABLE --since TIME
./evergrant logs [REQUEST_ID] [--follow]
./evergrant events tail [--json]                   ./evergrant events replay --since TIME [--failed]
Each takes [--stack evergrant] [--region R] [--profile P], or [--local] for the stack of `make run`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools import events
from tools.keys import move_keys
from tools.logs import show_logs
from tools.renewals import show_renewals
from tools.restore import restore
from tools.stack import Clients, RefusedError, Stack, on_this_machine

ENDLESS = {("renewals", None), ("logs", None), ("events", "tail")}
"""What is always stopped from outside."""


def main(
    arguments: list[str] | None = None, clients: Clients | None = None, pause: Callable[[float], None] = time.sleep
) -> int:
    """The exit code."""
    asked = _parser().parse_args(arguments)
    try:
        _done(asked, Stack(clients or _clients(asked), asked.stack), pause)
    except RefusedError as error:
        print(f"evergrant: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if (asked.subject, getattr(asked, "verb", None)) in ENDLESS else 130
    return 0


def _clients(asked: argparse.Namespace) -> Clients:
    """Raises: RefusedError."""
    if asked.local:
        return on_this_machine(Path(os.environ.get("STATE") or ".evergrant"))
    import boto3

    return boto3.Session(region_name=asked.region, profile_name=asked.profile)


def _done(asked: argparse.Namespace, stack: Stack, pause: Callable[[float], None]) -> None:
    match asked.subject:
        case "keys":
            move_keys(stack, asked)
        case "renewals":
            show_renewals(stack, as_json=asked.json, follow=asked.every if asked.follow else None, pause=pause)
        case "logs":
            follow = asked.every if asked.follow else None
            show_logs(stack, holding=asked.holding, minutes=asked.minutes, follow=follow, pause=pause)
        case "events":
            {"tail": events.tail, "replay": events.replay}[asked.verb](stack, asked, pause)
        case "restore":
            restore(stack, source=asked.source, since=asked.since, overwrite=asked.overwrite)
        case _:
            _show_workspace(create_workspace(stack, asked), as_json=asked.json)


def _show_workspace(made: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(made))
        return
    print(f"workspace  {made['workspaceId']}")
    print(f"API key    {made['apiKey']}")
    print("The key is shown only now. Try it:")
    print(f"  curl -H 'Authorization: Bearer {made['apiKey']}' {made['apiUrl']}/users")


def create_workspace(stack: Stack, asked: argparse.Namespace) -> dict[str, str]:
    """Raises: RefusedError."""
    event = {"action": "create_workspace", "name": asked.name, "environment": asked.environment}
    if asked.own_key or asked.kms_key:
        event |= {"ownKey": True, "kmsKey": asked.kms_key}
    return {**stack.ask(event), "apiUrl": stack.outputs().get("ApiUrl", "")}


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack", default="evergrant", help="the deployment's CloudFormation stack (default: %(default)s)"
    )
    parser.add_argument("--region", help="the AWS region (default: your AWS configuration's)")
    parser.add_argument("--profile", help="the AWS profile (default: your environment's)")
    parser.add_argument(
        "--local", action="store_true", help="the stack that `make run` has here, in STATE (default: the one in AWS)"
    )


def _add_kms_key(parser: argparse.ArgumentParser) -> None:
    said = "under a KMS key of its customer's, one of the stack's CustomerKeyArns (default: the deployment's)"
    parser.add_argument("--kms-key", metavar="ARN", help=f"its own branch key {said}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evergrant",
        description="Evergrant's owner commands, for whoever has AWS rights in the deployment's account.",
        epilog="example: evergrant workspace create --name Shop",
    )
    subjects = parser.add_subparsers(dest="subject", required=True)
    workspace = subjects.add_parser("workspace", help="workspace create: make a workspace and its first API key")
    said = "make a workspace and its first API key"
    create = workspace.add_subparsers(dest="verb", required=True).add_parser("create", help=said, description=said)
    create.add_argument("--name", required=True, help="what the workspace is called")
    create.add_argument(
        "--environment",
        choices=("production", "development"),
        default="production",
        help="a development one takes unbound OAuth links (default: %(default)s)",
    )
    create.add_argument("--own-key", action="store_true", help="with a branch key of its own (default: the shared one)")
    _add_kms_key(create)
    _add_place(create)
    create.add_argument("--json", action="store_true", help="print JSON, for programs (default: lines to read)")
    keys = subjects.add_parser(
        "keys", help="keys own, keys rotate, keys rewrap: new branch keys, and data keys under them"
    )
    verbs = keys.add_subparsers(dest="verb", required=True)
    said = "give a workspace a branch key of its own, and move its data keys under it"
    own = verbs.add_parser("own", help=said, description=said)
    own.add_argument("workspace", metavar="WORKSPACE", help="its id, ws_...")
    _add_kms_key(own)
    _add_place(own)
    for verb, told in (
        ("rotate", "make a new version of every branch key, and move all data keys under them"),
        ("rewrap", "move the data keys that are left: a second run after one that was stopped"),
    ):
        _add_place(verbs.add_parser(verb, help=told, description=told))
    _add_renewals(subjects)
    _add_restore(subjects)
    _add_logs(subjects)
    _add_events(subjects)
    return parser


def _add_events(subjects: Any) -> None:
    subject = subjects.add_parser("events", help="events tail, events replay: what happens; what happened, again")
    verbs = subject.add_subparsers(dest="verb", required=True)
    said = "what happens, as it does, until it is stopped"
    tail = verbs.add_parser("tail", help=said, description=said)
    tail.add_argument("--since", type=events.moment, metavar="TIME", help="begin there, or 6h ago (default: now)")
    for name, what in {
        "type": "of this type, such as credential.expired",
        "app": "of this app, by its slug",
        "user": "of this user, by id or e-mail address",
        "credential": "of this credential, by its id",
    }.items():
        tail.add_argument(f"--{name}", help=f"only what is {what} (default: all)")
    tail.add_argument("--every", type=float, default=2, help="seconds between two looks (default: %(default)s)")
    said = "send what happened again to its receivers; each notification keeps its id"
    replay = verbs.add_parser("replay", help=said, description=said)
    replay.add_argument("--since", type=events.moment, metavar="TIME", required=True, help="from there, or 6h ago")
    replay.add_argument("--until", type=events.moment, metavar="TIME", help="up to there (default: now)")
    replay.add_argument("--type", action="append", default=[], help="of this type; may be said again (default: all)")
    replay.add_argument("--endpoint", help="to this one, by its id (default: all that are awake)")
    replay.add_argument("--failed", action="store_true", help="only what did not arrive (default: all)")
    for each in (tail, replay):
        each.add_argument("--workspace", help="of this one, by its id (default: all there are when it begins)")
        each.add_argument("--json", action="store_true", help="print JSON, for programs (default: lines to read)")
        _add_place(each)


def _add_renewals(subjects: Any) -> None:
    said = "what is due, degraded and failing, by app"
    renewals = subjects.add_parser("renewals", help=said, description=said)
    _add_place(renewals)
    renewals.add_argument("--follow", action="store_true", help="look again and again (default: once)")
    renewals.add_argument("--every", type=float, default=10, help="seconds between two looks (default: %(default)s)")
    renewals.add_argument("--json", action="store_true", help="print JSON, for programs (default: a table)")


def _add_restore(subjects: Any) -> None:
    said = "bring credentials back from a restored table; the README says how, under Restoring from a backup"
    restored = subjects.add_parser("restore", help=said, description=said)
    _add_place(restored)
    restored.add_argument("--from", dest="source", required=True, help="the table that a backup was restored to")
    restored.add_argument(
        "--since", required=True, type=_time, help="the backup's own time, such as 2026-11-25T00:00:00Z"
    )
    restored.add_argument(
        "--overwrite", action="store_true", help="replace rows that are there too (default: they stay)"
    )


def _add_logs(subjects: Any) -> None:
    said = "what the functions logged, oldest first"
    logs = subjects.add_parser("logs", help=said, description=said)
    logs.add_argument(
        "holding", nargs="?", metavar="ID", help="only lines with it: an answer's requestId, a credential"
    )
    _add_place(logs)
    logs.add_argument("--minutes", type=float, default=60, help="how far back to begin (default: %(default)s)")
    logs.add_argument("--follow", action="store_true", help="look again and again (default: once)")
    logs.add_argument("--every", type=float, default=5, help="seconds between two looks (default: %(default)s)")


def _time(text: str) -> str:
    """The text, when it is a time with its zone."""
    if events.zoned(text) is None:
        raise argparse.ArgumentTypeError(f"{text} is no time with a zone: write it as 2026-11-25T00:00:00Z")
    return text


if __name__ == "__main__":
    sys.exit(main())
