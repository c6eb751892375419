"""`evergrant`: what an owner with AWS rights does beside the API.

./evergrant workspace create --name Shop --environment production [--own-key] [--kms-key ARN] [--json]
./evergrant keys own WORKSPACE [--kms-key ARN]     ./evergrant keys rotate     ./evergrant keys rewrap
Each takes [--stack evergrant] [--region R] [--profile P].
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

ADMIN_OUTPUT = "AdminFunctionName"
Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""Invokes the stack's admin function."""


class Clients(Protocol):
    """Makes AWS clients, as boto3 does."""

    def client(self, service_name: str) -> Any: ...


class RefusedError(Exception):
    """What went wrong, and the next step."""


def main(arguments: list[str] | None = None, clients: Clients | None = None) -> int:
    """The exit code."""
    asked = _parser().parse_args(arguments)
    if clients is None:
        import boto3

        clients = boto3.Session(region_name=asked.region, profile_name=asked.profile)
    try:
        if asked.subject == "keys":
            move_keys(clients, asked)
            return 0
        made = create_workspace(clients, asked)
    except RefusedError as error:
        print(f"evergrant: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(made))
    else:
        print(f"workspace  {made['workspaceId']}")
        print(f"API key    {made['apiKey']}")
        print("The key is shown only now. Try it:")
        print(f"  curl -H 'Authorization: Bearer {made['apiKey']}' {made['apiUrl']}/users")
    return 0


def create_workspace(clients: Clients, asked: argparse.Namespace) -> dict[str, str]:
    """Raises: RefusedError."""
    outputs = _outputs(clients, asked.stack)
    event = {"action": "create_workspace", "name": asked.name, "environment": asked.environment}
    if asked.own_key or asked.kms_key:
        event |= {"ownKey": True, "kmsKey": asked.kms_key}
    return {**_ask(clients, asked.stack, outputs, event), "apiUrl": outputs.get("ApiUrl", "")}


def move_keys(clients: Clients, asked: argparse.Namespace) -> None:
    """New branch keys where they are asked for; then everything under the current ones. Raises: RefusedError."""
    ask = partial(_ask, clients, asked.stack, _outputs(clients, asked.stack))
    if asked.verb == "own":
        made = ask({"action": "own_key", "workspaceId": asked.workspace, "kmsKey": asked.kms_key})
        print(f"{asked.workspace}: version {made['version']} of its own branch key seals from now on")
    if asked.verb == "rotate":
        for done in _runs(ask, "rotate_keys"):
            for branch, version in done["versions"].items():
                print(f"{branch}: branch key version {version} seals from now on")
            for branch in done["left"]:
                print(f"{branch}: its KMS key gives nothing; it stays as it is")
    _rewrap(ask)


def _rewrap(ask: Ask) -> None:
    counted: Counter[str] = Counter()
    said = {"unreadable": "could not be opened", "left": "stay: their workspace's key is away"}
    try:
        for done in _runs(ask, "rewrap"):
            counted.update({name: done[name] for name in ("moved", *said)})
            told = [f"{counted[name]} {words}" for name, words in said.items() if counted[name]]
            print(", ".join([f"moved {counted['moved']}", *told]))
    except RefusedError as error:
        raise RefusedError(f"{error} Nothing is lost; go on with: evergrant keys rewrap") from error
    print("What was sealed in the last five minutes may have been missed: run `evergrant keys rewrap` once more then.")


def _runs(ask: Ask, action: str) -> Iterator[dict[str, Any]]:
    """Each run goes on where the one before ended."""
    after = None
    while True:
        done = ask({"action": action, "after": after})
        yield done
        after = done["after"]
        if after is None:
            return


def _ask(clients: Clients, stack: str, outputs: dict[str, str], event: dict[str, Any]) -> dict[str, Any]:
    """Invoke the stack's admin function."""
    if ADMIN_OUTPUT not in outputs:
        raise RefusedError(
            f"the stack {stack} is no Evergrant: it has no output {ADMIN_OUTPUT}. Name another by --stack."
        )
    try:
        answer = clients.client("lambda").invoke(FunctionName=outputs[ADMIN_OUTPUT], Payload=json.dumps(event).encode())
    except Exception as error:
        raise RefusedError(f"the admin function could not be invoked ({type(error).__name__}): {error}") from error
    if answer.get("FunctionError"):
        hint = (
            " Is the key among CustomerKeyArns, and does its policy let this account use it?"
            if event.get("kmsKey")
            else ""
        )
        raise RefusedError(f"the admin function failed: look at its log, /evergrant/{stack}/functions.{hint}")
    return json.loads(answer["Payload"].read())


def _outputs(clients: Clients, stack: str) -> dict[str, str]:
    try:
        found = clients.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except Exception as error:
        raise RefusedError(
            f"the stack {stack} was not found ({error}). Name it by --stack, --region, --profile."
        ) from error
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack", default="evergrant", help="the deployment's CloudFormation stack (default: %(default)s)"
    )
    parser.add_argument("--region", help="the AWS region (default: your AWS configuration's)")
    parser.add_argument("--profile", help="the AWS profile (default: your environment's)")


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
    return parser


if __name__ == "__main__":
    sys.exit(main())
