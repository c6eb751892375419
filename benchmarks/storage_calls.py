"""DynamoDB calls of each use, in a warm environment; the authorizer's own stand in a line of their own.

`python -m benchmarks.storage_calls [--json]`
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.deployment import NAME, Deployment, running
from benchmarks.report import Promise, Report, arguments, finish


@dataclass(frozen=True, slots=True)
class Measured:
    """The DynamoDB calls of one use, by operation."""

    use: str
    calls: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.calls.values())


def measure() -> dict[str, Measured]:
    """Each use by its route; every function was warm before it was counted."""
    with running() as deployment:
        return {each.use: each for each in _measured(deployment)}


def _measured(deployment: Deployment) -> list[Measured]:
    user = deployment.call("users", "GET", f"/users/{NAME}")["userId"]
    credentials = [deployment.create_credential() for _ in range(3)]
    first = f"/credentials/{credentials[0]}"
    authorization = {"headers": {"Authorization": f"Bearer {deployment.functions.api_key}"}}
    authorization |= {"methodArn": "arn:aws:execute-api:eu-central-1:123456789012:api/v1/GET/users"}

    def delete() -> None:
        deployment.call("delete_credential", "DELETE", f"/credentials/{credentials.pop()}")

    uses: dict[str, Callable[[], object]] = {
        "the authorizer": lambda: deployment.functions.invoke("api_key_authorizer", authorization),
        "POST /credentials/{id}/token": lambda: deployment.fresh_token(credentials[0]),
        "POST /credentials, by the user's name": deployment.create_credential,
        "POST /credentials, by the user's id": lambda: deployment.create_credential(user),
        "GET /credentials/{id}": lambda: deployment.call("get_credential", "GET", first),
        "PATCH /credentials/{id}": lambda: deployment.call("patch_credential", "PATCH", first, {"name": "New"}),
        "DELETE /credentials/{id}": delete,
        "GET /users/{name}/credentials": lambda: deployment.call(
            "list_credentials", "GET", f"/users/{NAME}/credentials"
        ),
        "GET /users": lambda: deployment.call("users", "GET", "/users"),
        "GET /users/{name}": lambda: deployment.call("users", "GET", f"/users/{NAME}"),
        "GET /audit": lambda: deployment.call("audit", "GET", "/audit"),
        "GET /events": lambda: deployment.call("events", "GET", "/events"),
        "GET /health": lambda: deployment.call("health", "GET", "/health"),
    }
    return [_counted(deployment, use, act) for use, act in uses.items()]


def _counted(deployment: Deployment, use: str, act: Callable[[], object]) -> Measured:
    act()
    with deployment.counting() as calls:
        act()
    return Measured(use, calls.of("dynamodb"))


def promises(measured: dict[str, Measured]) -> list[Promise]:
    """What the README says of them."""
    created = measured["POST /credentials, by the user's id"].calls
    return [
        Promise(
            "A fresh token, warm, is one read: key and credential together.",
            measured["POST /credentials/{id}/token"].calls == {"BatchGetItem": 1},
        ),
        Promise(
            "Creating a credential writes once, in one transaction; what a workspace may make is counted beside it.",
            created.get("TransactWriteItems") == 1 and set(created) <= {"TransactWriteItems", "GetItem", "UpdateItem"},
        ),
        Promise("The authorizer reads once.", measured["the authorizer"].calls == {"GetItem": 1}),
    ]


def main() -> int:
    """Print it."""
    options = arguments(__doc__)
    measured = measure()
    operations = sorted({name for each in measured.values() for name in each.calls})
    report = Report(
        title="DynamoDB calls, warm",
        columns=("use", *operations, "in all"),
        rows=[(each.use, *(each.calls.get(name, 0) for name in operations), each.total) for each in measured.values()],
        promises=promises(measured),
    )
    return finish(report, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
