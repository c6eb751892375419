"""The one place that all calls of all AWS clients pass."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

Call = Callable[[Any, str, dict[str, Any]], Any]
"""Of a client, by its operation's name, with its parameters."""


@contextmanager
def passing(through: Callable[[Any, str, dict[str, Any], Call], Any]) -> Generator[None]:
    """While it lasts, each call goes `through`, which is told how it is made."""
    client: Any = BaseClient
    call: Call = client._make_api_call  # noqa: SLF001

    def passed(client: Any, name: str, parameters: dict[str, Any]) -> Any:
        return through(client, name, parameters, call)

    with patch.object(BaseClient, "_make_api_call", passed):
        yield
