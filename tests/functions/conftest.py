"""Every test of a function gets an empty deployment."""

from collections.abc import Iterator

import pytest

from tests.functions.deployment import Functions, deployed


@pytest.fixture
def functions() -> Iterator[Functions]:
    """An empty deployment with one development workspace."""
    with deployed() as functions:
        yield functions
