"""`evergrant`: what an owner with AWS rights does beside the API.

./evergrant workspace create --name Shop --environment production [--stack evergrant] [--json]
./evergrant keys rotate [--stack evergrant]     ./evergrant keys rewrap [--stack evergrant]
"""

import argparse
import json
import sys
from typing import Any, Protocol

ADMIN_OUTPUT = "AdminFunctionName"


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
            move_keys(clients, asked.stack, rotate=asked.verb == "rotate")
            return 0
        made = create_workspace(clients, asked.stack, name=asked.name, environment=asked.environment)
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


def create_workspace(clients: Clients, stack: str, *, name: str, environment: str) -> dict[str, str]:
    """Raises: RefusedError."""
    outputs = _outputs(clients, stack)
    event = {"action": "create_workspace", "name": name, "environment": environment}
    return {**_ask(clients, stack, outputs, event), "apiUrl": outputs.get("ApiUrl", "")}


def move_keys(clients: Clients, stack: str, *, rotate: bool) -> None:
    """A new branch key where `rotate`; then everything under the current one. Raises: RefusedError."""
    outputs = _outputs(clients, stack)
    if rotate:
        made = _ask(clients, stack, outputs, {"action": "rotate_keys"})
        print(f"branch key version {made['version']} seals from now on")
    after, moved, unreadable = None, 0, 0
    while True:
        try:
            done = _ask(clients, stack, outputs, {"action": "rewrap", "after": after})
        except RefusedError as error:
            raise RefusedError(f"{error} Nothing is lost; go on with: evergrant keys rewrap") from error
        moved, unreadable, after = moved + done["moved"], unreadable + done["unreadable"], done["after"]
        print(f"moved {moved}" + (f", {unreadable} could not be opened" if unreadable else ""))
        if after is None:
            break
    print("What was sealed in the last five minutes may have been missed: run `evergrant keys rewrap` once more then.")


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
        raise RefusedError(f"the admin function failed: look at its log, /evergrant/{stack}/functions.")
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
    return parser


if __name__ == "__main__":
    sys.exit(main())
