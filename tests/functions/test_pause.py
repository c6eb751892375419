"""The operator's switches stop one half, and nothing of it is lost."""

from dataclasses import replace
from datetime import timedelta

import boto3
import pytest
from evergrant.domain.errors import UnavailableError
from evergrant.domain.ids import CredentialId
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring
from evergrant.runtime.settings import settings

from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.sweeps import Travelling, delivered, status, swept


def pause(monkeypatch: pytest.MonkeyPatch, what: str, value: str = "true") -> None:
    monkeypatch.setenv(f"{what}_PAUSED", value)
    settings.cache_clear()


def waiting(queue: str) -> int:
    url = boto3.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]  # type: ignore[arg-type]  # names
    return sum(int(each) for each in found.values())


def due_soon(functions: Functions, clock: Travelling) -> str:
    functions.invoke("sweep", {})
    made: str = connect(functions, expiresAt=iso(clock.now() + timedelta(seconds=5))).body["credentialId"]
    clock.ahead = timedelta(seconds=75)
    return made


def test_what_came_due_while_renewals_were_paused_is_done_after(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = due_soon(functions, clock)
    pause(monkeypatch, "RENEWALS")
    assert swept(functions) == []
    clock.ahead += timedelta(hours=3)
    pause(monkeypatch, "RENEWALS", "false")

    assert [each["credentialId"] for each in swept(functions)] == [made]


def test_paused_notifications_stop_no_renewal(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = due_soon(functions, clock)
    pause(monkeypatch, "NOTIFICATIONS")

    assert [each["credentialId"] for each in swept(functions)] == [made]


def test_paused_renewals_stop_no_delivery(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = due_soon(functions, clock)
    pause(monkeypatch, "RENEWALS")

    told = functions.invoke("sweep", {})

    assert list(told) == ["notifications"]
    assert status(functions, made) == "active"


def test_a_message_that_was_queued_before_the_pause_waits_in_the_queue(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = due_soon(functions, clock)
    messages = swept(functions)
    pause(monkeypatch, "RENEWALS")

    answer = delivered(functions, messages)

    assert answer == {"batchItemFailures": []}
    assert status(functions, made) == "active"
    assert waiting("renewals") == 1


def test_no_webhook_is_sent_while_notifications_are_paused(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause(monkeypatch, "NOTIFICATIONS")
    body = '{"workspaceId": "ws_1", "eventId": "evt_1", "deliveryId": "dlv_1"}'

    answer = functions.invoke("deliver", {"Records": [{"messageId": "1", "body": body}]})

    assert answer == {"batchItemFailures": []}
    assert waiting("deliveries") == 1


@pytest.mark.parametrize("force", [False, True])
def test_a_reader_renews_nothing_while_renewals_are_paused(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    made = connect(functions).body["credentialId"]
    row = wiring.credentials().get(CredentialId(made))
    assert row
    now = wiring.clock().now()
    ended = replace(row, token_expires_at=now - timedelta(seconds=1))
    pause(monkeypatch, "RENEWALS")

    works = assembly.renew_on_read(row, force)

    assert works == row
    with pytest.raises(UnavailableError):
        assembly.renew_on_read(ended, force)
