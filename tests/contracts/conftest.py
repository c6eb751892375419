"""Ports over tables: each exam is taken by the fakes, and by the adapters over moto."""

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from evergrant.adapters.aws import client
from evergrant.adapters.dynamodb.keys import KeysTable
from moto import mock_aws

from tests.contracts.adapters import dynamodb_storage
from tests.contracts.branches import Deployment
from tests.fakes.storage import Storage, fake_storage
from tests.functions.deployment import ENVIRONMENT
from tests.tables import create_tables, empty_tables


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """One AWS for a module."""
    with mock_aws(), patch.dict(os.environ, ENVIRONMENT):
        yield


@pytest.fixture(scope="module")
def dynamodb(aws: None) -> Any:
    """Its DynamoDB, with all tables."""
    made = client("dynamodb")
    create_tables(made)
    return made


@pytest.fixture(params=["fake", "dynamodb"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Empty."""
    if request.param == "fake":
        return fake_storage()
    dynamodb = request.getfixturevalue("dynamodb")
    empty_tables(dynamodb)
    return dynamodb_storage(dynamodb)


@pytest.fixture
def short_pages(dynamodb: Any) -> Iterator[None]:
    """DynamoDB ends each page after one item, as it does after a megabyte."""

    def one(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 1

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", one)
    yield
    dynamodb.meta.events.unregister("provide-client-params.dynamodb.Query", one)


@pytest.fixture
def deployment(dynamodb: Any) -> Deployment:
    """Its branch keys, none of which is made yet."""
    kms: Any = client("kms")
    empty_tables(dynamodb)
    made = Deployment(kms, KeysTable(dynamodb, table="keys"), kms.create_key()["KeyMetadata"]["Arn"])

    def count(model: Any, params: Any, **_: object) -> None:
        made.calls.append(model.name)
        made.contexts.append(json.loads(params["body"]).get("EncryptionContext", {}))

    kms.meta.events.register("before-call.kms.*", count)
    return made
