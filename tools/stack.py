"""The deployment that an owner's command is about: its outputs, its parameters, its admin function."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

ADMIN_OUTPUT = "AdminFunctionName"


class Clients(Protocol):
    """Makes AWS clients, as boto3 does."""

    def client(self, service_name: str) -> Any: ...


class RefusedError(Exception):
    """What went wrong, and the next step."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One of them, by name."""

    clients: Clients
    name: str

    def outputs(self) -> dict[str, str]:
        """Raises: RefusedError."""
        return {each["OutputKey"]: each["OutputValue"] for each in self._described().get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """Raises: RefusedError."""
        return {each["ParameterKey"]: each["ParameterValue"] for each in self._described().get("Parameters", [])}

    def table(self, logical_id: str) -> str:
        """A table's own name. Raises: RefusedError."""
        client = self.clients.client("cloudformation")
        try:
            found = client.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        except Exception as error:
            raise RefusedError(f"the stack {self.name} shows no {logical_id} ({error}).") from error
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def ask(self, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke its admin function. Raises: RefusedError."""
        outputs = self.outputs()
        if ADMIN_OUTPUT not in outputs:
            raise RefusedError(
                f"the stack {self.name} is no Evergrant: it has no output {ADMIN_OUTPUT}. Name another by --stack."
            )
        client = self.clients.client("lambda")
        try:
            answer = client.invoke(FunctionName=outputs[ADMIN_OUTPUT], Payload=json.dumps(event).encode())
        except Exception as error:
            raise RefusedError(f"the admin function could not be invoked ({type(error).__name__}): {error}") from error
        if answer.get("FunctionError"):
            hint = (
                " Is the key among CustomerKeyArns, and does its policy let this account use it?"
                if event.get("kmsKey")
                else ""
            )
            raise RefusedError(f"the admin function failed: look at its log, /evergrant/{self.name}/functions.{hint}")
        return json.loads(answer["Payload"].read())

    def parts(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Answers of its admin function, each of which goes on where the one before ended. Raises: RefusedError."""
        after = None
        while True:
            part = self.ask({**event, "after": after})
            yield part
            after = part["after"]
            if after is None:
                return

    def _described(self) -> dict[str, Any]:
        try:
            return self.clients.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        except Exception as error:
            raise RefusedError(
                f"the stack {self.name} was not found ({error}). Name it by --stack, --region, --profile."
            ) from error
