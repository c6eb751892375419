"""AWS's bad days, below the SDK's retries: what is borne, what is said, and that nothing is half done."""

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from evergrant.adapters.dynamodb.client import dynamodb
from evergrant.adapters.kms.branch_keys import kms
from evergrant.domain.errors import UnavailableError
from moto.core.models import botocore_stubber

from tests.functions.deployment import Answer, Functions, forget_wiring
from tests.functions.herd import come_due, row
from tests.functions.keys import CANARY, connect
from tests.functions.sweeps import delivered

FOREVER = 10**6


class Raw:
    """A body that botocore can stream."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> list[bytes]:
        return [self._content]


def answering(client: Any, operation: str, code: str, *, times: int = FOREVER, body: bytes | None = None) -> list[str]:
    """The next answers to an operation (any, for an empty name), in the place of moto's; what was asked."""
    asked: list[str] = []
    content = json.dumps({"__type": code, "message": ""}).encode() if body is None else body

    def answer(request: Any, **_: object) -> AWSResponse | None:
        target = request.headers["X-Amz-Target"].decode()
        if not target.endswith(operation):
            return None
        asked.append(target)
        if len(asked) > times:
            return None
        # All handlers are called, whoever answers: moto must not do what is refused here.
        botocore_stubber.enabled = False
        headers = {"content-type": "application/x-amz-json-1.0"}
        status = 200 if body is not None else 400
        return AWSResponse(request.url, status, headers, Raw(content))  # pyright: ignore[reportArgumentType]  # enough

    def go_on(**_: object) -> None:
        botocore_stubber.enabled = True

    # Of one node of the hierarchy with moto's own: only there is the first really the first.
    client.meta.events.register_first("before-send", answer)
    client.meta.events.register_last("before-send", go_on)
    return asked


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", list[float]().append)


@pytest.fixture
def path(functions: Functions) -> str:
    """A credential of a user; and then everything is cold."""
    made: str = connect(functions).body["credentialId"]
    forget_wiring()
    return f"/credentials/{made}"


def create(functions: Functions) -> Answer:
    credential = {"type": "klaviyo", "data": {"apiKey": CANARY}}
    content = {"userId": "ada@example.com", "credential": credential}
    return functions.call("create_credential", "POST", "/credentials", content)


def kept() -> dict[str, int]:
    client = boto3.client("dynamodb")
    return {name: client.scan(TableName=name)["Count"] for name in ("credentials", "directory", "events", "audit")}


def token(functions: Functions, path: str) -> Answer:
    return functions.call("fresh_token", "POST", f"{path}/token", {})


def refused(answer: Answer, code: str) -> bool:
    return (answer.status, answer.body["code"]) == (503, code) and int(answer.headers["retry-after"]) > 0


def test_fault_01_two_throttled_answers_of_kms_are_borne(functions: Functions, path: str) -> None:
    """Made by a hook of botocore, which answers in the place of KMS."""
    asked = answering(kms(), "", "ThrottlingException", times=2)
    before = kept()

    made = create(functions)

    assert made.status == 201
    assert len(asked) >= 3
    assert kept()["events"] == before["events"] + 1


@pytest.mark.parametrize(
    ("number", "code"),
    [("02", "ThrottlingException"), ("04", "KMSInvalidStateException"), ("07", "AccessDeniedException")],
)
def test_fault_02_04_07_without_keys_nothing_is_made_and_kms_is_not_stormed(
    functions: Functions, path: str, number: str, code: str
) -> None:
    """Made by a hook of botocore, which answers in the place of KMS."""
    asked = answering(kms(), "", code)
    before = kept()

    made = create(functions)

    assert refused(made, "key_unavailable")
    assert len(asked) <= 3
    assert kept() == before
    assert CANARY not in str(boto3.client("dynamodb").scan(TableName="sessions")["Items"])


@pytest.mark.parametrize("code", ["ThrottlingException", "KMSInvalidStateException", "AccessDeniedException"])
def test_fault_04_without_keys_a_read_marks_nothing(functions: Functions, path: str, code: str) -> None:
    """Made by a hook of botocore, which answers in the place of KMS."""
    row = boto3.client("dynamodb").scan(TableName="credentials")["Items"]
    answering(kms(), "", code)

    answer = token(functions, path)

    assert refused(answer, "key_unavailable")
    assert boto3.client("dynamodb").scan(TableName="credentials")["Items"] == row


@pytest.mark.parametrize("code", ["DisabledException", "KMSInvalidStateException"])
def test_fault_03_04_without_keys_a_renewal_marks_nothing_and_comes_again(
    functions: Functions, path: str, code: str
) -> None:
    """Made by a hook of botocore, which answers in the place of KMS."""
    credential_id = path.removeprefix("/credentials/")
    messages = come_due([credential_id])
    before = row(credential_id)
    answering(kms(), "", code)

    left = delivered(functions, messages)

    after = row(credential_id)
    assert left == {"batchItemFailures": []}
    assert before.due_at and after.due_at and after.due_at > before.due_at
    assert (after.status, after.generation, after.lease_until) == (before.status, before.generation, None)


def test_fault_05_a_ciphertext_that_kms_does_not_take_fails_closed(
    functions: Functions, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Made by a hook of botocore, which answers in the place of KMS."""
    answering(kms(), "Decrypt", "InvalidCiphertextException")

    answer = token(functions, path)

    assert answer.status == 500
    assert "secret" not in answer.body
    assert "SealBrokenError" in str([vars(each) for each in caplog.records])


def test_fault_09_persistent_throttling_leaves_nothing_half_done(functions: Functions, path: str) -> None:
    """Made by a hook of botocore, which answers in the place of DynamoDB."""
    before = kept()
    asked = answering(dynamodb(), "TransactWriteItems", "ProvisionedThroughputExceededException")

    made = create(functions)

    assert refused(made, "unavailable")
    assert 1 < len(asked) <= 4
    assert kept() == before


@pytest.mark.parametrize(
    "body",
    [
        b'{"Responses": {"credentials": [{"pk": {"S": "c',
        b"",
        b"<html>",
        b"\xff\xfe",
        b'{"Responses": {"credentials": [{"pk": 7}]}}',
    ],
)
def test_fault_14_a_corrupt_answer_is_never_an_empty_credential(functions: Functions, path: str, body: bytes) -> None:
    """Made by a hook of botocore, which answers in the place of DynamoDB."""
    token(functions, path)
    answering(dynamodb(), "BatchGetItem", "", body=body)

    answer = token(functions, path)

    assert answer.status in (500, 503)
    assert "secret" not in answer.body


def read(functions: Functions, path: str) -> Answer:
    return functions.call("get_credential", "GET", path)


def rename(functions: Functions, path: str) -> Answer:
    return functions.call("patch_credential", "PATCH", path, {"name": "x"})


def delete(functions: Functions, path: str) -> Answer:
    return functions.call("delete_credential", "DELETE", path)


def create_another(functions: Functions, path: str) -> Answer:
    return create(functions)


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (token, "BatchGetItem"),
        (read, "GetItem"),
        (rename, "TransactWriteItems"),
        (delete, "TransactWriteItems"),
        (create_another, "TransactWriteItems"),
    ],
)
@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("46", "ResourceNotFoundException"),
        ("47", "ExpiredTokenException"),
        ("47", "InvalidSignatureException"),
        ("47", "RequestExpired"),
    ],
)
def test_fault_46_47_a_table_or_credentials_that_are_gone_are_said_without_a_storm(
    functions: Functions, path: str, call: Callable[[Functions, str], Answer], operation: str, number: str, code: str
) -> None:
    """Made by a hook of botocore, which answers in the place of DynamoDB."""
    before = kept()
    asked = answering(dynamodb(), operation, code)

    answer = call(functions, path)

    assert refused(answer, "unavailable"), answer.body
    assert len(asked) <= 4
    assert kept() == before


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ThrottlingException", "ExpiredTokenException"])
@pytest.mark.parametrize("authorizer", ["api_key_authorizer", "session_authorizer"])
def test_fault_48_an_authorizer_without_its_table_lets_nobody_in(
    functions: Functions, path: str, authorizer: str, code: str
) -> None:
    """Made by a hook of botocore, which answers in the place of DynamoDB."""
    session = functions.call("connect_sessions", "POST", "/connect/sessions", {"userId": "ada@example.com"}).body
    token = {"api_key_authorizer": functions.api_key, "session_authorizer": session["token"]}[authorizer]
    arn = "arn:aws:execute-api:eu-central-1:123456789012:api/v1/GET/users"
    event = {"headers": {"Authorization": f"Bearer {token}"}, "methodArn": arn}
    asked = answering(dynamodb(), "GetItem", code)

    # Any other words than "Unauthorized" are the gateway's 503: the key may be a good one.
    with pytest.raises(UnavailableError):
        functions.invoke(authorizer, event)
    assert asked
