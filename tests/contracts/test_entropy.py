"""Chance."""

import re

import pytest
from evergrant.adapters.system.clock import SystemEntropy
from evergrant.ports.system import Entropy

from tests.fakes.system import FakeEntropy


@pytest.fixture(params=["fake", "system"])
def entropy(request: pytest.FixtureRequest) -> Entropy:
    return FakeEntropy() if request.param == "fake" else SystemEntropy()


@pytest.mark.parametrize("count", [1, 16, 32, 33, 100])
def test_there_are_as_many_bytes_as_were_asked_for(entropy: Entropy, count: int) -> None:
    assert len(entropy.bytes(count)) == count


def test_nothing_comes_twice(entropy: Entropy) -> None:
    drawn = {entropy.bytes(16) for _ in range(1000)} | {entropy.token(16).encode() for _ in range(1000)}

    assert len(drawn) == 2000


def test_a_token_of_32_bytes_has_43_characters_of_base64url(entropy: Entropy) -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", entropy.token(32)) for _ in range(100))
