"""Calls of AWS that go wrong on the way, each once."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Literal
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError

Fault = Literal["never_arrives", "answer_lost", "answer_lost_and_tried_again", "killed_before", "killed_after"]


class KilledError(BaseException):
    """The process ends here: nothing in it may catch this."""


@contextmanager
def refused(operation: str, about: str) -> Generator[None]:
    """While it lasts, every `operation` whose parameters name `about` never arrives."""
    client: Any = BaseClient
    call: Callable[..., Any] = client._make_api_call  # noqa: SLF001  # the one place that all calls pass
    happened: list[str] = []

    def faulty(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        if name != operation or about not in str(parameters):
            return call(self, name, parameters)
        happened.append(name)
        raise ConnectionClosedError(endpoint_url="https://lost.example")

    with patch.object(BaseClient, "_make_api_call", faulty):
        yield
    assert happened


@contextmanager
def fault(kind: Fault, operation: str, about: str) -> Generator[None]:
    """The first `operation` whose parameters name `about` fails in this way."""
    client: Any = BaseClient
    call: Callable[..., Any] = client._make_api_call  # noqa: SLF001  # the one place that all calls pass
    happened: list[str] = []

    def faulty(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        if happened or name != operation or about not in str(parameters):
            return call(self, name, parameters)
        happened.append(name)
        if kind == "killed_before":
            raise KilledError
        if kind != "never_arrives":
            call(self, name, parameters)
        if kind == "killed_after":
            raise KilledError
        if kind == "answer_lost_and_tried_again":
            return call(self, name, parameters)
        raise ConnectionClosedError(endpoint_url="https://lost.example")

    with patch.object(BaseClient, "_make_api_call", faulty):
        yield
    assert happened


@contextmanager
def killed_at(step: int, *, after: bool) -> Generator[list[str]]:
    """The process ends with its call of that number (from 0), before it is made or after; it makes no other.

    Gives the operation that it died of; nothing while it lives.
    """
    client: Any = BaseClient
    call: Callable[..., Any] = client._make_api_call  # noqa: SLF001  # the one place that all calls pass
    died: list[str] = []
    left = iter(range(step))

    def mortal(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        if not died:
            if next(left, None) is not None:
                return call(self, name, parameters)
            died.append(name)
            if after:
                call(self, name, parameters)
        raise KilledError

    with patch.object(BaseClient, "_make_api_call", mortal):
        yield died
