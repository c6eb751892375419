"""Branch keys are rotated while everything goes on; a run that was killed is gone on with."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.adapters.dynamodb import sealed_rows
from evergrant.adapters.dynamodb.client import dynamodb
from evergrant.domain.errors import UnavailableError
from evergrant.domain.sealing import SealedBytes

from tests.functions.deployment import Functions, LambdaContext
from tests.functions.keys import CANARY, connect
from tests.functions.test_storage_trouble import Refusal

HURRIED = LambdaContext(remaining=lambda: timedelta(seconds=1))
"""Time for one page."""


def versions() -> set[int]:
    """Of the branch keys under which anything stands."""
    client = boto3.client("dynamodb")
    found: set[int] = set()
    for table, name in (("credentials", "sealed"), ("directory", "sealed"), ("events", "sealed_secret")):
        items = client.scan(TableName=table)["Items"]
        found |= {SealedBytes.parse(bytes(item[name]["B"])).branch_version for item in items if name in item}  # type: ignore[typeddict-item]  # of those that have it
    return found


def filled(functions: Functions) -> list[str]:
    """Six credentials, an OAuth client, a webhook's secret."""
    made = [connect(functions, name=str(number)).body["credentialId"] for number in range(6)]
    client = {"clientId": "id", "clientSecret": "secret"}
    assert functions.call("app_client", "PUT", "/apps/xero/client", client).status == 200
    endpoint = {"url": "https://receiver.example/hook"}
    assert functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", endpoint).status == 201
    return made


def read(functions: Functions, credential_id: str) -> Any:
    return functions.call("fresh_token", "POST", f"/credentials/{credential_id}/token", {}).body["secret"]["apiKey"]


def moved(functions: Functions, after: str | None = None, context: LambdaContext | None = None) -> dict[str, Any]:
    return functions.invoke("admin", {"action": "rewrap", "after": after}, context)


def test_attack_31_all_that_is_sealed_moves_and_is_read_all_the_while(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = filled(functions)
    monkeypatch.setattr(sealed_rows, "PAGE", 2)
    rotated = functions.invoke("admin", {"action": "rotate_keys"})
    read_meanwhile: set[str] = set()
    count, after = 0, None

    while count == 0 or after:
        told = moved(functions, after, HURRIED)
        count, after = count + int(told["moved"]), told["after"]
        new: str = connect(functions, name="during").body["credentialId"]
        read_meanwhile |= {read(functions, each) for each in (*made[:6], new)}
        made.append(new)

    assert rotated == {"versions": {"shared": 2}, "left": [], "after": None}
    assert count == 8
    assert versions() == {2}
    assert read_meanwhile | {read(functions, each) for each in made} == {CANARY}


def test_attack_31_a_run_that_was_killed_half_way_is_finished_by_the_next(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = filled(functions)
    monkeypatch.setattr(sealed_rows, "PAGE", 2)
    functions.invoke("admin", {"action": "rotate_keys"})
    events: Any = dynamodb().meta.events
    left = [3]

    def die(**_: object) -> Any:
        left[0] -= 1
        return Refusal("InternalServerError", 1).called() if left[0] < 0 else None

    events.register_first("before-call.dynamodb.UpdateItem", die)
    with pytest.raises(UnavailableError):
        moved(functions)
    half = versions()
    events.unregister("before-call.dynamodb.UpdateItem", die)

    told = moved(functions)

    assert half == {1, 2}
    assert told["moved"] == 8 - 3
    assert versions() == {2}
    assert {read(functions, each) for each in made} == {CANARY}
