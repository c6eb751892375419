"""Every test of a function gets an empty deployment."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from tests.functions.deployment import Functions, deployed


@pytest.fixture
def functions() -> Iterator[Functions]:
    """An empty deployment with one development workspace."""
    with deployed() as functions:
        yield functions


@pytest.fixture(scope="session", autouse=True)
def models_of_aws() -> Iterator[None]:
    """Each of botocore's files is parsed once: every test has sessions of its own, which would read them again."""
    load: Callable[[JSONFileLoader, str], Any] = JSONFileLoader.load_file
    parsed: dict[str, Any] = {}

    def load_once(loader: JSONFileLoader, path: str) -> Any:
        if path not in parsed:
            parsed[path] = load(loader, path)
        return parsed[path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_once)
        yield
