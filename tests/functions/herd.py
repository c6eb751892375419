"""Many credentials of one app that come due at the same time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import boto3
from evergrant.adapters.dynamodb.credential_items import credential_item
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId
from evergrant.domain.secret import Secret
from evergrant.domain.times import iso
from evergrant.runtime import wiring

from tests.functions.deployment import Functions
from tests.functions.redirects import ENTRY
from tests.functions.sweeps import delivered

UNHURRIED = [{"requests": 1_000_000, "seconds": 1}]


def limited(functions: Functions, *limits: dict[str, Any]) -> None:
    """What the app's entry says it takes."""
    assert functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "rate_limits": list(limits)}).status == 200


def row(credential_id: str) -> Credential:
    found = wiring.credentials().get(CredentialId(credential_id))
    assert found
    return found


def keep(new: Credential) -> None:
    """The row alone, as it is said to be."""
    boto3.client("dynamodb").put_item(TableName="credentials", Item=credential_item(new))


def copies(of: str, count: int, **changed: str) -> list[str]:
    """More credentials like this one, with the same secret."""
    read = row(of)
    secret = Secret.from_bytes(wiring.sealer().open(read.sealed, read.seal_context()))
    ids = [CredentialId(wiring.identities().new("cred")) for _ in range(count)]
    made = [replace(read, credential_id=each, **changed) for each in ids]  # type: ignore[arg-type]  # its own fields
    for each in made:
        keep(replace(each, sealed=wiring.sealer().seal(secret.to_bytes(), each.seal_context())))
    return [each.credential_id for each in made]


def come_due(ids: Sequence[str]) -> list[dict[str, Any]]:
    """The messages of all that are not dead: due now."""
    at = wiring.clock().now()
    rows = [each for each in map(row, ids) if each.status != "expired"]
    for each in rows:
        keep(replace(each, due_at=at))
    return [{"credentialId": each.credential_id, "due": iso(at)} for each in rows]


def renewed(functions: Functions, ids: Sequence[str]) -> None:
    """All of them are due, and a worker has their messages."""
    assert delivered(functions, come_due(ids)) == {"batchItemFailures": []}


def statuses(ids: Sequence[str]) -> dict[str, int]:
    found = [each.status for each in map(row, ids)]
    return {status: found.count(status) for status in set(found)}
