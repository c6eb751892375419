"""Renewals through the handlers: messages that come twice or broken, workers that die, readers and sweeps beside."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.domain.errors import UnavailableError
from evergrant.domain.ids import CredentialId
from evergrant.runtime import assembly, wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.faults import Fault, KilledError, fault
from tests.functions.herd import row
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling, delivered, swept, told


@pytest.fixture
def due(functions: Functions, provider: FakeTokenEndpoint, clock: Travelling) -> list[dict[str, Any]]:
    """The message of one credential whose renewal has come."""
    functions.invoke("sweep", {})
    due = row(connected(functions)).due_at
    assert due
    clock.ahead = due - clock.now() + timedelta(seconds=1)
    messages = swept(functions)
    assert len(messages) == 1
    return messages


def token(functions: Functions, credential_id: str) -> str:
    answer = functions.call("fresh_token", "POST", f"/credentials/{credential_id}/token", {})
    assert answer.status == 200, answer.body
    return answer.body["secret"]["accessToken"]


def test_fault_17_an_index_that_lags_is_read_again_by_key(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]]
) -> None:
    """Made by the queue: its messages say what the index said long ago."""
    stale = {**due[0], "due": "2026-01-01T00:00:00.000Z"}

    answer = delivered(functions, [stale, {**due[0], "credentialId": "cred_nobody"}])

    assert answer == {"batchItemFailures": []}
    assert provider.asked == 1


def test_fault_24_a_message_that_comes_twice_asks_once(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]]
) -> None:
    """Made by the queue."""
    delivered(functions, due * 3)
    delivered(functions, due)

    assert provider.asked == 2


def test_fault_25_26_what_breaks_comes_again_alone(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]]
) -> None:
    """Made by the queue."""
    bodies = ["{", "[]", json.dumps({"v": 99}), *[json.dumps(each) for each in due]]
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]

    answer = functions.invoke("renew", {"Records": records})

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["0", "1", "2"]
    assert provider.asked == 2


def test_fault_28_a_queue_that_refuses_leaves_it_to_the_next_sweep(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]], clock: Travelling
) -> None:
    """Made by a hook of botocore: what is sent never arrives."""
    clock.ahead += timedelta(minutes=1)
    with fault("never_arrives", "SendMessageBatch", "credentialId"), pytest.raises(UnavailableError):
        functions.invoke("sweep", {})

    assert swept(functions) == due


def test_fault_29_a_reader_renews_what_a_late_sweep_left(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]], clock: Travelling
) -> None:
    """Made by the clock."""
    clock.ahead += timedelta(hours=2)

    read = token(functions, due[0]["credentialId"])
    delivered(functions, due + swept(functions))

    assert (read, provider.asked) == ("at.2", 2)


@pytest.mark.parametrize(
    ("when", "about", "asked"),
    [
        ("killed_before", "lease_until", 1),
        ("killed_after", "lease_until", 1),
        ("killed_before", "sealed", 2),
        ("killed_after", "sealed", 2),
    ],
)
def test_fault_34_a_worker_that_dies_leaves_it_to_the_next(
    functions: Functions,
    provider: FakeTokenEndpoint,
    due: list[dict[str, Any]],
    clock: Travelling,
    when: Fault,
    about: str,
    asked: int,
) -> None:
    """Made by a hook of botocore, which kills the worker before or after the write."""
    with fault(when, "TransactWriteItems", about), pytest.raises(KilledError):
        delivered(functions, due)
    assert provider.asked == asked

    # Where nothing was said, what the dead worker may still bring is waited for first.
    for _ in range(2):
        clock.ahead += timedelta(minutes=3)
        delivered(functions, due + swept(functions))

    shown = functions.call("get_credential", "GET", f"/credentials/{due[0]['credentialId']}").body
    assert token(functions, due[0]["credentialId"]) in {"at.2", "at.3"}
    assert (shown["status"], told()) == ("active", ["credential.created"])


def test_fault_35_a_refusal_is_not_believed_while_another_worker_persisted(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]]
) -> None:
    credential_id = CredentialId(due[0]["credentialId"])
    stale = wiring.credentials().get(credential_id)
    assert stale
    delivered(functions, due)

    done, _ = assembly.renewer().attempt(stale)

    shown = functions.call("get_credential", "GET", f"/credentials/{credential_id}").body
    assert (done, provider.asked, shown["status"]) == ("elsewhere", 2, "active")


def test_fault_36_a_revoked_grant_is_said_once_and_asked_no_more(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]], clock: Travelling
) -> None:
    """Made by the provider."""
    provider.alive.clear()
    delivered(functions, due)
    asked = provider.asked
    clock.ahead += timedelta(hours=2)

    again = functions.call("fresh_token", "POST", f"/credentials/{due[0]['credentialId']}/token", {"force": True})
    delivered(functions, due + swept(functions))

    assert row(due[0]["credentialId"]).due_at is None
    assert (again.status, again.body["code"]) == (424, "credential_expired")
    assert (provider.asked, told().count("credential.expired")) == (asked, 1)


def test_fault_29_two_sweeps_at_once_renew_once(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]]
) -> None:
    again = swept(functions)

    delivered(functions, due + again)

    assert again == due
    assert provider.asked == 2


def test_fault_46_without_the_table_of_paces_nobody_is_asked_and_nothing_is_leased(
    functions: Functions, provider: FakeTokenEndpoint, due: list[dict[str, Any]]
) -> None:
    boto3.client("dynamodb").delete_table(TableName="sessions")

    answer = delivered(functions, due)

    assert len(answer["batchItemFailures"]) == 1
    assert (provider.asked, row(due[0]["credentialId"]).lease_until) == (1, None)


@pytest.mark.parametrize(("asked_for", "asks"), [(50 * 60, 1), (86_400, 1), (0, 0)])
def test_who_asks_for_more_than_any_token_lasts_renews_no_token_at_each_read(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, asked_for: int, asks: int
) -> None:
    """An hour's token, when it has lived for a quarter of it: five reads."""
    path = f"/credentials/{connected(functions)}/token"
    before = provider.asked
    clock.ahead += timedelta(minutes=15)

    read = [functions.call("fresh_token", "POST", path, {"minValiditySeconds": asked_for}) for _ in range(5)]

    assert {each.status for each in read} == {200}
    assert provider.asked - before == asks
