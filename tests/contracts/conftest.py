"""Branch keys over moto's KMS, which really encrypts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from evergrant.adapters.dynamodb.keys import KeysTable
from evergrant.adapters.kms.branch_keys import KmsBranchKeys
from evergrant.adapters.kms.branches import WorkspaceBranches
from evergrant.adapters.kms.sealer import BranchKeySealer
from moto import mock_aws


@dataclass
class FixedClock:
    """A clock that a test moves."""

    at: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Deployment:
    """Branch keys over moto, with the calls to KMS counted."""

    kms: Any
    table: KeysTable
    key_arn: str
    clock: FixedClock = field(default_factory=FixedClock)
    calls: list[str] = field(default_factory=list[str])
    contexts: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The encryption context of each call."""

    def branch_keys(self, deployment: str = "test") -> KmsBranchKeys:
        """A cold environment."""
        return KmsBranchKeys(self.kms, self.table, key_arn=self.key_arn, deployment=deployment, clock=self.clock)

    def sealer(self) -> BranchKeySealer:
        return BranchKeySealer(WorkspaceBranches(self.branch_keys()))


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        kms: Any = boto3.client("kms", region_name="eu-central-1")
        dynamodb: Any = boto3.client("dynamodb", region_name="eu-central-1")
        dynamodb.create_table(
            TableName="keys",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        made = Deployment(kms, KeysTable(dynamodb, table="keys"), kms.create_key()["KeyMetadata"]["Arn"])

        def count(model: Any, params: Any, **_: object) -> None:
            made.calls.append(model.name)
            made.contexts.append(json.loads(params["body"]).get("EncryptionContext", {}))

        kms.meta.events.register("before-call.kms.*", count)
        yield made
