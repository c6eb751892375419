"""Every test of a function gets an empty deployment."""

from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import Loader, create_loader
from moto.core.utils import method_names_from_class

from tests.functions.deployment import Functions, deployed


@pytest.fixture
def functions() -> Iterator[Functions]:
    """An empty deployment with one development workspace."""
    with deployed() as functions:
        yield functions


@pytest.fixture(scope="session", autouse=True)
def what_all_deployments_share() -> Iterator[None]:
    """AWS's models are read once, and moto makes no RSA key beside a symmetric one, nor lists its methods anew."""
    loader = create_loader()

    def shared(_: object) -> Loader:
        return loader

    def none(_: object) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", shared)
        patch.setattr("moto.kms.models.generate_private_key", none)
        patch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
        yield
