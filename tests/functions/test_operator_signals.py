"""What the operator's alarms count is really said."""

import json
from typing import Any

import boto3
import pytest
from evergrant.domain.ids import CredentialId
from evergrant.runtime import wiring
from evergrant.runtime.observability import logger

from tests.functions.deployment import Functions, forget_wiring
from tests.functions.keys import connect


def lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What was logged."""
    return caplog.records


def test_a_sweep_that_ended_well_says_so(functions: Functions, caplog: pytest.LogCaptureFixture) -> None:
    functions.invoke("sweep", {})

    assert [each.message for each in lines(caplog)] == ["swept"]


def test_attack_26_a_broken_seal_is_told_with_its_credential_though_its_caller_goes_on(
    functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    made = connect(functions).body["credentialId"]
    row = wiring.credentials().get(CredentialId(made))
    assert row
    with pytest.raises(Exception, match="cannot be opened"):
        wiring.sealer().open(row.sealed[:-1] + b"x", row.seal_context())

    told = [each for each in lines(caplog) if getattr(each, "code", None) == "unreadable"]

    assert [(each.message, each.credential_id) for each in told] == [("seal_broken", made)]


def test_fault_46_branch_keys_that_cannot_be_read_are_a_key_that_is_away(
    functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    made = connect(functions).body["credentialId"]
    forget_wiring()
    boto3.client("dynamodb").delete_table(TableName="keys")

    answer = functions.call("fresh_token", "POST", f"/credentials/{made}/token", {})

    assert (answer.status, answer.body["code"], "retry-after" in answer.headers) == (503, "key_unavailable", True)
    assert "key_unavailable" in [getattr(each, "code", None) for each in lines(caplog)]


def test_all_that_a_request_logs_is_found_by_the_id_that_its_caller_quotes(
    functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    made = connect(functions).body["credentialId"]
    boto3.client("dynamodb").delete_table(TableName="keys")
    forget_wiring()
    caplog.clear()

    answer = functions.call("fresh_token", "POST", f"/credentials/{made}/token", {})
    written = [json.loads(str(logger().registered_formatter.format(each))) for each in lines(caplog)]

    assert [each["message"] for each in written] == ["keys_unavailable", "request_failed", "request_answered"]
    assert {each["request_id"] for each in written} == {answer.body["requestId"]} != {"unknown"}


@pytest.mark.parametrize("name", ["api_key_authorizer", "session_authorizer"])
def test_a_refusal_at_the_door_is_found_by_its_id_too(
    functions: Functions, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    event = {"headers": {"Authorization": "Bearer evg_none"}, "requestContext": {"requestId": "at-the-door"}}
    caplog.clear()

    with pytest.raises(Exception, match="Unauthorized"):
        functions.invoke(name, event)

    (refused,) = (json.loads(str(logger().registered_formatter.format(each))) for each in lines(caplog))
    assert refused["request_id"] == "at-the-door"
