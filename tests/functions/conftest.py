"""Every test of a function gets an empty deployment."""

from collections.abc import Iterator

import pytest
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions, deployed
from tests.functions.redirects import ENTRY, RETURN_URL
from tests.functions.sweeps import Travelling
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


@pytest.fixture
def provider(functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch) -> FakeTokenEndpoint:
    fake = FakeTokenEndpoint(clock.now)
    monkeypatch.setattr(wiring, "token_endpoint", lambda: fake)
    functions.call("apps", "PUT", "/apps/acme", ENTRY)
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "secret-canary"})
    functions.call("workspace", "PUT", "/workspace", {"name": "Shop", "returnUrls": [RETURN_URL]})
    functions.call("users", "POST", "/users", {"username": "ada"})
    return fake


@pytest.fixture
def clock(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Travelling:
    travelling = Travelling()
    monkeypatch.setattr(wiring, "clock", lambda: travelling)
    return travelling
