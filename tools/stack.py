"""The deployment that an owner's command is about: its outputs, its parameters, its admin function."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ADMIN_OUTPUT = "AdminFunctionName"


class Clients(Protocol):
    """Makes AWS clients, as boto3 does."""

    def client(self, service_name: str) -> Any: ...


def on_this_machine(state: Path) -> Clients:
    """Those of the stack that `make run` has in that folder. Raises: RefusedError."""
    if not (state / "local.json").is_file():
        raise RefusedError(f"nothing runs in {state}: start it with `make run`, or say by STATE where it runs.")
    return _Emulator(int((state / "emulator.port").read_text()))


@dataclass(frozen=True, slots=True)
class _Emulator:
    port: int

    def client(self, service_name: str) -> Any:
        from local.emulator import client_at

        return client_at(self.port, service_name)


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
        told = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise RefusedError(self._failed(told, event))
        return told

    def _failed(self, told: dict[str, Any], event: dict[str, Any]) -> str:
        """What an exception of the function's says, and the next step."""
        said = (
            " ".join([str(told[name]) for name in ("errorType", "errorMessage") if told.get(name)]) or "no reason told"
        )
        hint = " Is the key among CustomerKeyArns, and does its policy let this account use it?"
        return (
            f"the admin function failed: {said.rstrip('.')}. Its log is /evergrant/{self.name}/functions."
            f"{hint if event.get('kmsKey') else ''}"
        )

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
                f"the stack {self.name} was not found ({error}). Name it by --stack, --region, --profile; "
                "--local is the one of `make run`."
            ) from error
