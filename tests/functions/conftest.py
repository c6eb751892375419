"""Every test of a function gets an empty deployment."""

from collections.abc import Iterator

import pytest

from tests.functions.deployment import Functions, deployed
from tests.functions.swift import swift


@pytest.fixture
def functions() -> Iterator[Functions]:
    """An empty deployment with one development workspace."""
    with deployed() as functions:
        yield functions


@pytest.fixture(scope="session", autouse=True)
def swiftly() -> Iterator[None]:
    """What all deployments share."""
    with swift():
        yield
