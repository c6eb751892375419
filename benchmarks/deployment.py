"""The deployment that the tests use, with its calls to AWS counted by a botocore hook."""

import os
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from evergrant.adapters.dynamodb.client import dynamodb
from evergrant.adapters.kms.branch_keys import kms
from evergrant.adapters.sqs.queue import sqs

from tests.functions.deployment import Functions, deployed, forget_wiring

NAME = "ada@example.com"
KLAVIYO = {"type": "klaviyo", "data": {"apiKey": "pk_example"}}


@dataclass
class Calls:
    """How often each operation was called, as `kms.Decrypt`. A retry of botocore's is not a call more."""

    counted: Counter[str] = field(default_factory=Counter[str])

    def of(self, service: str) -> dict[str, int]:
        """One service's operations."""
        prefix = f"{service}."
        return {name.removeprefix(prefix): count for name, count in self.counted.items() if name.startswith(prefix)}

    def add(self, model: Any, **_: object) -> None:
        """botocore's `before-call`."""
        self.counted[f"{model.service_model.service_name}.{model.name}"] += 1


@dataclass
class Deployment:
    """All functions in one warm environment, until `cool` makes it a cold one."""

    functions: Functions

    @contextmanager
    def counting(self) -> Generator[Calls]:
        """The calls made inside."""
        calls = Calls()
        clients: list[Any] = [dynamodb(), kms(), sqs()]
        for client in clients:
            client.meta.events.register("before-call", calls.add)
        try:
            yield calls
        finally:
            for client in clients:
                client.meta.events.unregister("before-call", calls.add)

    def cool(self) -> None:
        """A new environment: no client, no branch key, no catalogue in memory."""
        forget_wiring()

    def call(self, function: str, method: str, path: str, content: object = None) -> Any:
        """The answer's body. Raises: AssertionError unless it is a success."""
        answer = self.functions.call(function, method, path, content)
        assert answer.status < 300, (function, method, path, answer.body)
        return answer.body

    def create_user(self) -> None:
        self.call("users", "POST", "/users", {"username": NAME})

    def create_credential(self, user: str = NAME) -> str:
        made = self.call("create_credential", "POST", "/credentials", {"userId": user, "credential": KLAVIYO})
        return made["credentialId"]

    def fresh_token(self, credential_id: str) -> None:
        self.call("fresh_token", "POST", f"/credentials/{credential_id}/token", {})


@contextmanager
def running() -> Generator[Deployment]:
    """One deployment over moto, with a user."""
    with patch.dict(os.environ), deployed() as functions:
        # A logger of its own, and silent: the table is what is read.
        os.environ.update(POWERTOOLS_SERVICE_NAME="benchmark", POWERTOOLS_LOG_LEVEL="CRITICAL")
        deployment = Deployment(functions)
        deployment.cool()
        deployment.create_user()
        yield deployment
