"""`evergrant`: what an owner with AWS rights does beside the API.

./evergrant workspace create --name Shop --environment production [--stack evergrant] [--json]
./evergrant keys rotate [--stack evergrant]     ./evergrant keys rewrap [--stack evergrant]
./evergrant renewals [--follow] [--json]        ./evergrant restore --from TABLE --since TIME
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from tools.renewals import show_renewals
from tools.restore import restore
from tools.stack import Clients, RefusedError, Stack


def main(
    arguments: list[str] | None = None, clients: Clients | None = None, pause: Callable[[float], None] = time.sleep
) -> int:
    """The exit code."""
    asked = _parser().parse_args(arguments)
    if clients is None:
        import boto3

        clients = boto3.Session(region_name=asked.region, profile_name=asked.profile)
    stack = Stack(clients, asked.stack)
    try:
        _done(asked, stack, pause)
    except RefusedError as error:
        print(f"evergrant: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if asked.subject == "renewals" else 130
    return 0


def _done(asked: argparse.Namespace, stack: Stack, pause: Callable[[float], None]) -> None:
    match asked.subject:
        case "keys":
            move_keys(stack, rotate=asked.verb == "rotate")
        case "renewals":
            show_renewals(stack, as_json=asked.json, follow=asked.every if asked.follow else None, pause=pause)
        case "restore":
            restore(stack, source=asked.source, since=asked.since, overwrite=asked.overwrite)
        case _:
            _show_workspace(create_workspace(stack, name=asked.name, environment=asked.environment), as_json=asked.json)


def _show_workspace(made: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(made))
        return
    print(f"workspace  {made['workspaceId']}")
    print(f"API key    {made['apiKey']}")
    print("The key is shown only now. Try it:")
    print(f"  curl -H 'Authorization: Bearer {made['apiKey']}' {made['apiUrl']}/users")


def create_workspace(stack: Stack, *, name: str, environment: str) -> dict[str, str]:
    """Raises: RefusedError."""
    made = stack.ask({"action": "create_workspace", "name": name, "environment": environment})
    return {**made, "apiUrl": stack.outputs().get("ApiUrl", "")}


def move_keys(stack: Stack, *, rotate: bool) -> None:
    """A new branch key where `rotate`; then everything under the current one. Raises: RefusedError."""
    if rotate:
        made = stack.ask({"action": "rotate_keys"})
        print(f"branch key version {made['version']} seals from now on")
    after, moved, unreadable = None, 0, 0
    while True:
        try:
            done = stack.ask({"action": "rewrap", "after": after})
        except RefusedError as error:
            raise RefusedError(f"{error} Nothing is lost; go on with: evergrant keys rewrap") from error
        moved, unreadable, after = moved + done["moved"], unreadable + done["unreadable"], done["after"]
        print(f"moved {moved}" + (f", {unreadable} could not be opened" if unreadable else ""))
        if after is None:
            break
    print("What was sealed in the last five minutes may have been missed: run `evergrant keys rewrap` once more then.")


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack", default="evergrant", help="the deployment's CloudFormation stack (default: %(default)s)"
    )
    parser.add_argument("--region", help="the AWS region (default: your AWS configuration's)")
    parser.add_argument("--profile", help="the AWS profile (default: your environment's)")


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
    _add_place(create)
    create.add_argument("--json", action="store_true", help="print JSON, for programs (default: lines to read)")
    keys = subjects.add_parser("keys", help="keys rotate, keys rewrap: a new branch key, and all data keys under it")
    verbs = keys.add_subparsers(dest="verb", required=True)
    for verb, told in (
        ("rotate", "make a new branch key, and move all data keys under it"),
        ("rewrap", "move the data keys that are left: a second run after one that was stopped"),
    ):
        _add_place(verbs.add_parser(verb, help=told, description=told))
    _add_renewals(subjects)
    _add_restore(subjects)
    return parser


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
    restored.add_argument("--since", required=True, help="the backup's own time, such as 2026-11-25T00:00:00Z")
    restored.add_argument(
        "--overwrite", action="store_true", help="replace rows that are there too (default: they stay)"
    )


if __name__ == "__main__":
    sys.exit(main())
