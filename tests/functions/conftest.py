"""Every test of a function gets an empty deployment."""

from collections.abc import Iterator
from functools import cache

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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", cache(JSONFileLoader.load_file))
        patch.setattr(JSONFileLoader, "__hash__", lambda _: 0)
        patch.setattr(JSONFileLoader, "__eq__", lambda *_: True)
        yield
