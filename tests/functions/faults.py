"""Calls of AWS that go wrong on the way, each once."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal

from botocore.exceptions import ConnectionClosedError

from tests.functions.passing import Call, passing

Fault = Literal["never_arrives", "answer_lost", "answer_lost_and_tried_again", "killed_before", "killed_after"]


class KilledError(BaseException):
    """The process ends here: nothing in it may catch this."""


@contextmanager
def refused(operation: str, about: str) -> Generator[None]:
    """While it lasts, every `operation` whose parameters name `about` never arrives."""
    happened: list[str] = []

    def faulty(client: Any, name: str, parameters: dict[str, Any], call: Call) -> Any:
        if name != operation or about not in str(parameters):
            return call(client, name, parameters)
        happened.append(name)
        raise ConnectionClosedError(endpoint_url="https://lost.example")

    with passing(faulty):
        yield
    assert happened


@contextmanager
def fault(kind: Fault, operation: str, about: str) -> Generator[None]:
    """The first `operation` whose parameters name `about` fails in this way."""
    happened: list[str] = []

    def faulty(client: Any, name: str, parameters: dict[str, Any], call: Call) -> Any:
        if happened or name != operation or about not in str(parameters):
            return call(client, name, parameters)
        happened.append(name)
        if kind == "killed_before":
            raise KilledError
        if kind != "never_arrives":
            call(client, name, parameters)
        if kind == "killed_after":
            raise KilledError
        if kind == "answer_lost_and_tried_again":
            return call(client, name, parameters)
        raise ConnectionClosedError(endpoint_url="https://lost.example")

    with passing(faulty):
        yield
    assert happened


@contextmanager
def killed_at(step: int, *, after: bool) -> Generator[list[str]]:
    """The process ends with its call of that number (from 0), before it is made or after; it makes no other.

    Gives the operation that it died of; nothing while it lives.
    """
    died: list[str] = []
    left = iter(range(step))

    def mortal(client: Any, name: str, parameters: dict[str, Any], call: Call) -> Any:
        if not died:
            if next(left, None) is not None:
                return call(client, name, parameters)
            died.append(name)
            if after:
                call(client, name, parameters)
        raise KilledError

    with passing(mortal):
        yield died
