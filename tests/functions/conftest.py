"""Every test of a function gets an empty deployment."""

from collections.abc import Iterator

import pytest
from botocore.loaders import Loader, create_loader

from tests.functions.deployment import Functions, deployed


@pytest.fixture
def functions() -> Iterator[Functions]:
    """An empty deployment with one development workspace."""
    with deployed() as functions:
        yield functions


@pytest.fixture(scope="session", autouse=True)
def what_all_deployments_share() -> Iterator[None]:
    """AWS's models are read once, and moto makes no RSA key beside a symmetric one: more than half of a set-up."""
    loader = create_loader()

    def shared(_: object) -> Loader:
        return loader

    def none(_: object) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", shared)
        patch.setattr("moto.kms.models.generate_private_key", none)
        yield
