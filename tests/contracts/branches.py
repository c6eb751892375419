"""Branch keys over moto's KMS, which really encrypts."""

from dataclasses import dataclass, field
from typing import Any

from evergrant.adapters.dynamodb.keys import KeysTable
from evergrant.adapters.kms.branch_keys import KmsBranchKeys
from evergrant.adapters.kms.branches import WorkspaceBranches
from evergrant.adapters.kms.sealer import BranchKeySealer

from tests.fakes.system import FakeClock


@dataclass
class Deployment:
    """Branch keys over moto, with the calls to KMS counted."""

    kms: Any
    table: KeysTable
    key_arn: str
    clock: FakeClock = field(default_factory=FakeClock)
    calls: list[str] = field(default_factory=list[str])
    contexts: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The encryption context of each call."""

    def branch_keys(self, deployment: str = "test") -> KmsBranchKeys:
        """A cold environment."""
        return KmsBranchKeys(self.kms, self.table, key_arn=self.key_arn, deployment=deployment, clock=self.clock)

    def sealer(self) -> BranchKeySealer:
        return BranchKeySealer(WorkspaceBranches(self.branch_keys()))
