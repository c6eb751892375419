"""After a restore from a backup: nobody is expired by an old refresh token, what was deleted since is deleted again."""

import io
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring
from evergrant.runtime.settings import settings

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions, LambdaContext
from tests.functions.herd import renewed, row
from tests.functions.keys import connect
from tests.functions.redirects import began, called_back, completed, completion_of, connected
from tests.functions.sweeps import Travelling, swept
from tests.functions.test_rotation import HURRIED
from tests.tables import create_table
from tools.cli import main

BACKUP = "backup"


class Owner:
    """An owner's AWS clients: the stack is these functions over moto."""

    def __init__(self, functions: Functions, context: LambdaContext | None = None) -> None:
        self.functions, self.context = functions, context

    def client(self, service_name: str) -> Any:  # as boto3
        return boto3.client("dynamodb") if service_name == "dynamodb" else self

    def describe_stacks(self, **_: object) -> dict[str, Any]:
        parameters = {"PauseRenewals": "true", "RestoredAt": "2026-11-25T00:00:00Z"}
        told = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        return {"Stacks": [{"Outputs": [{"OutputKey": "AdminFunctionName", "OutputValue": "a"}], "Parameters": told}]}

    def describe_stack_resource(self, **_: object) -> dict[str, Any]:
        return {"StackResourceDetail": {"PhysicalResourceId": "credentials"}}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
        answer = self.functions.invoke("admin", json.loads(Payload), self.context)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def backed_up() -> None:
    client: Any = boto3.client("dynamodb")
    create_table(client, BACKUP)
    for item in client.scan(TableName="credentials")["Items"]:
        client.put_item(TableName=BACKUP, Item=item)


def restored(functions: Functions, since: str, *more: str, context: LambdaContext | None = None) -> None:
    assert main(["restore", "--from", BACKUP, "--since", since, *more], Owner(functions, context)) == 0


def cleaned_up(functions: Functions) -> None:
    """What the cleanups queue holds is done."""
    sqs: Any = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="cleanups")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    records = [{"messageId": str(number), "body": each["Body"]} for number, each in enumerate(found)]
    assert functions.invoke("cleanup", {"Records": records}) == {"batchItemFailures": []}


def is_there(functions: Functions, credential_id: str) -> bool:
    return functions.call("get_credential", "GET", f"/credentials/{credential_id}").status == 200


def test_what_was_lost_comes_back_and_what_was_deleted_since_does_not(functions: Functions, clock: Travelling) -> None:
    lost, deleted, kept = (connect(functions, name=name).body["credentialId"] for name in ("a", "b", "c"))
    since = iso(clock.now())
    backed_up()
    functions.call("delete_credential", "DELETE", f"/credentials/{deleted}")
    functions.call("patch_credential", "PATCH", f"/credentials/{kept}", {"name": "newer"})
    boto3.client("dynamodb").delete_item(TableName="credentials", Key=key_of(lost))

    restored(functions, since)
    back = is_there(functions, deleted)
    cleaned_up(functions)

    assert back
    assert [is_there(functions, each) for each in (lost, deleted, kept)] == [True, False, True]
    assert row(kept).name == "newer"


def key_of(credential_id: str) -> Any:
    return {"pk": {"S": f"cred#{credential_id}"}, "sk": {"S": "credential"}}


def test_rows_that_are_there_are_replaced_when_the_owner_says_so(functions: Functions, clock: Travelling) -> None:
    made = connect(functions, name="old").body["credentialId"]
    backed_up()
    functions.call("patch_credential", "PATCH", f"/credentials/{made}", {"name": "spoilt"})

    restored(functions, iso(clock.now()), "--overwrite")

    assert row(made).name == "old"


def test_deletions_are_gone_on_with_run_by_run(functions: Functions, clock: Travelling) -> None:
    made = [connect(functions, name=str(number)).body["credentialId"] for number in range(3)]
    since = iso(clock.now())
    backed_up()
    for each in made:
        functions.call("delete_credential", "DELETE", f"/credentials/{each}")

    restored(functions, since, context=HURRIED)
    cleaned_up(functions)

    assert not any(is_there(functions, each) for each in made)


def test_what_came_due_since_the_backup_comes_due_again(functions: Functions, clock: Travelling) -> None:
    functions.invoke("sweep", {})
    made = connect(functions, expiresAt=iso(clock.now() + timedelta(hours=1))).body["credentialId"]
    since = iso(clock.now())
    backed_up()
    clock.ahead = timedelta(hours=5)
    functions.invoke("sweep", {})

    restored(functions, since, "--overwrite")

    assert [each["credentialId"] for each in swept(functions)] == [made]


@pytest.fixture
def old(functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch) -> str:
    """A credential whose refresh token was spent after the backup that it comes from."""
    made = connected(functions)
    clock.ahead = timedelta(hours=1)
    monkeypatch.setenv("RESTORED_AT", iso(clock.now()))
    settings.cache_clear()
    assembly.renewer.cache_clear()
    provider.alive.clear()
    return made


def test_an_old_refresh_token_expires_nobody(functions: Functions, old: str) -> None:
    renewed(functions, [old])
    renewed(functions, [old])
    (event,) = functions.call("events", "GET", "/events", query={"type": "credential.degraded"}).body["data"]

    assert row(old).status == "degraded"
    assert (event["data"]["reason"], event["data"]["providerError"]) == ("restored", "invalid_grant")


def test_a_grant_from_after_the_restore_can_die(functions: Functions, old: str) -> None:
    again = completed(functions, completion_of(called_back(functions, *began(functions), code="another")))
    provider: Any = wiring.token_endpoint()
    provider.alive.clear()

    renewed(functions, [again.body["credentialId"]])

    assert row(again.body["credentialId"]).status == "expired"


def test_what_is_still_refused_expires_when_the_restore_is_over(
    functions: Functions, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed(functions, [old])
    monkeypatch.delenv("RESTORED_AT")
    settings.cache_clear()
    assembly.renewer.cache_clear()

    renewed(functions, [old])

    assert row(old).status == "expired"


def test_the_operators_survey_counts_by_app(functions: Functions, old: str) -> None:
    renewed(functions, [old])
    connect(functions)

    apps: dict[str, Any] = {}
    after: str | None = None
    while True:
        part = functions.invoke("admin", {"action": "renewals", "after": after}, HURRIED)
        apps |= part["apps"]
        after = part["after"]
        if after is None:
            break

    assert {name: count for name, count in apps["acme"].items() if count} == {
        "all": 1,
        "degraded": 1,
        "failure:restored": 1,
    }
    assert apps["klaviyo"]["active"] == 1
