"""A grant that is due, and who else renews it."""

from typing import Any

from evergrant.domain.credential import Credential
from evergrant.domain.renewal import LEASE, Renewed
from pydantic import SecretStr

from tests.builders import (
    CREDENTIAL,
    HOUR,
    MINUTE,
    NOON,
    a_grant,
)
from tests.fakes.deployment import SECRET, FakeDeployment

NEW = Renewed(SECRET.with_values(apiKey=SecretStr("second")), token_expires_at=NOON + 2 * HOUR)


def due(deployment: FakeDeployment, **changed: Any) -> Credential:
    """A grant that is due now."""
    return deployment.kept(a_grant(**{"due_at": deployment.clock.at, **changed}))


def another_lease(deployment: FakeDeployment) -> Credential:
    """Another worker's, which begins now."""
    now = deployment.clock.now()
    row = deployment.storage.credentials.find(CREDENTIAL)
    assert row
    held = deployment.storage.credentials.begin_renewal(row, lease_until=now + LEASE, due_at=now + MINUTE)
    assert held
    return held
