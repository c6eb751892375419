"""`evergrant`: what an owner with AWS rights does beside the API.

./evergrant workspace create --name Shop --environment production [--stack evergrant] [--json]
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
    """Invoke the stack's admin function. Raises: RefusedError."""
    outputs = _outputs(clients, stack)
    if ADMIN_OUTPUT not in outputs:
        raise RefusedError(
            f"the stack {stack} is no Evergrant: it has no output {ADMIN_OUTPUT}. Name another by --stack."
        )
    event = {"action": "create_workspace", "name": name, "environment": environment}
    try:
        answer = clients.client("lambda").invoke(FunctionName=outputs[ADMIN_OUTPUT], Payload=json.dumps(event).encode())
    except Exception as error:
        raise RefusedError(f"the admin function could not be invoked ({type(error).__name__}): {error}") from error
    if answer.get("FunctionError"):
        raise RefusedError(f"the admin function failed: look at its log, /evergrant/{stack}/functions.")
    return {**json.loads(answer["Payload"].read()), "apiUrl": outputs.get("ApiUrl", "")}


def _outputs(clients: Clients, stack: str) -> dict[str, str]:
    try:
        found = clients.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except Exception as error:
        raise RefusedError(
            f"the stack {stack} was not found ({error}). Name it by --stack, --region, --profile."
        ) from error
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


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
    create.add_argument(
        "--stack", default="evergrant", help="the deployment's CloudFormation stack (default: %(default)s)"
    )
    create.add_argument("--region", help="the AWS region (default: your AWS configuration's)")
    create.add_argument("--profile", help="the AWS profile (default: your environment's)")
    create.add_argument("--json", action="store_true", help="print JSON, for programs (default: lines to read)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
