"""DynamoDB's and KMS's bad days, through the handlers: what is borne, what is said, and how long it takes."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, cast

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from evergrant.adapters.dynamodb.client import TRANSACTION_TRIES, dynamodb
from evergrant.adapters.kms.branch_keys import kms
from evergrant.domain.errors import ConnectError
from evergrant.runtime import wiring

from tests.builders import an_authorization
from tests.functions.deployment import Answer, Functions
from tests.functions.herd import come_due, row
from tests.functions.keys import CANARY, connect
from tests.functions.sweeps import delivered
from tests.functions.test_apps import OWN

SHORTEST_FUNCTION_SECONDS = 20


class Refusal:
    """An answer of DynamoDB's in the place of the next ones."""

    status_code = 400
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, code: str, times: int, **more: object) -> None:
        self._code, self._left, self._more = code, times, more

    def called(self, **_: object) -> Any:
        """For `before-call`: nothing is sent, and so nothing done."""
        self._left -= 1
        parsed = {"Error": {"Code": self._code, "Message": ""}, "ResponseMetadata": {}, **self._more}
        return (self, parsed) if self._left >= 0 else None


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def conflicts(times: int) -> Refusal:
    reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
    return Refusal("TransactionCanceledException", times, CancellationReasons=reasons)


def create(functions: Functions, key: str = "key-1") -> Answer:
    content = {"userId": "ada@example.com", "credential": {"type": "klaviyo", "data": {"apiKey": CANARY}}}
    headers = {"idempotency-key": key}
    return functions.call("create_credential", "POST", "/credentials", content, headers=headers)


def warm(functions: Functions) -> None:
    """A user, and all keys at hand."""
    connect(functions)
    create(functions, "before")


def unprobed(functions: Functions) -> str:
    """A credential that no provider is asked about; and all keys at hand."""
    warm(functions)
    functions.call("apps", "PUT", "/apps/my-erp", OWN)
    return connect(functions, type="my-erp", data={"apiKey": "k"}).body["credentialId"]


def rows() -> int:
    return boto3.client("dynamodb").scan(TableName="events")["Count"]


def created(functions: Functions, credential_id: str) -> bool:
    return create(functions).status == 201


def renamed(functions: Functions, credential_id: str) -> bool:
    return functions.call("patch_credential", "PATCH", f"/credentials/{credential_id}", {"name": "x"}).status == 200


def deleted(functions: Functions, credential_id: str) -> bool:
    return functions.call("delete_credential", "DELETE", f"/credentials/{credential_id}").status == 200


def checked(functions: Functions, credential_id: str) -> bool:
    """By a renewal's two writes."""
    (message,) = come_due([credential_id])
    return delivered(functions, [message]) == {"batchItemFailures": []} and row(credential_id).lease_until is None


WRITES = [created, renamed, deleted, checked]


@pytest.mark.parametrize("written", WRITES)
def test_fault_08_two_throttled_answers_are_borne_by_every_write(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, written: Callable[[Functions, str], bool]
) -> None:
    """Made below botocore's retries, by a hook of botocore's endpoint."""
    credential_id = unprobed(functions)
    endpoint: Any = dynamodb()
    endpoint = endpoint._endpoint  # noqa: SLF001  # below the retries, above moto
    refusal, send = Refusal("ThrottlingException", 2), endpoint._get_response  # noqa: SLF001
    throttled: list[str] = []

    def throttling(request: Any, operation: Any, context: Any) -> Any:
        answer = refusal.called() if operation.name == "TransactWriteItems" else None
        throttled.extend([operation.name] if answer else [])
        return (answer, None) if answer else send(request, operation, context)

    monkeypatch.setattr(endpoint, "_get_response", throttling)

    assert written(functions, credential_id)
    assert len(throttled) == 2


@pytest.mark.parametrize("written", WRITES)
def test_fault_10_a_transaction_is_tried_again_while_others_are_in_the_way(
    functions: Functions, written: Callable[[Functions, str], bool]
) -> None:
    """Made by a hook of botocore, which answers in the place of DynamoDB."""
    credential_id = unprobed(functions)
    tokens: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        tokens.append(params["ClientRequestToken"])

    events: Any = dynamodb().meta.events
    events.register_first("before-call.dynamodb.TransactWriteItems", conflicts(TRANSACTION_TRIES - 1).called)
    events.register("provide-client-params.dynamodb.TransactWriteItems", note)

    assert written(functions, credential_id)
    assert tokens[:TRANSACTION_TRIES] == [tokens[0]] * TRANSACTION_TRIES


def test_fault_10_a_transaction_that_never_gets_through_is_said_and_leaves_nothing(functions: Functions) -> None:
    """Made by a hook of botocore, which answers in the place of DynamoDB."""
    warm(functions)
    before = rows()
    events: Any = dynamodb().meta.events
    events.register_first("before-call.dynamodb.TransactWriteItems", conflicts(TRANSACTION_TRIES).called)

    made = create(functions)

    assert (made.status, made.headers["retry-after"]) == (503, "5")
    assert rows() == before


def test_fault_12_a_write_that_never_arrived_is_sent_again(functions: Functions) -> None:
    """Made by a hook of botocore, which breaks the connection before anything is sent."""
    warm(functions)
    before = rows()
    resets: list[str] = []

    def reset(request: Any, **_: object) -> None:
        if request.headers["X-Amz-Target"].endswith(b"TransactWriteItems") and not resets:
            resets.append(request.url)
            raise ConnectionClosedError(endpoint_url=request.url)

    events: Any = dynamodb().meta.events
    events.register_first("before-send", reset)

    made = create(functions)

    assert (made.status, len(resets)) == (201, 1)
    assert rows() == before + 1


def lost_once() -> Callable[..., float | None]:
    """The first answer is lost: the request was done, and is sent again."""
    left = [0.0]

    def lose(**_: object) -> float | None:
        return left.pop() if left else None

    return lose


def test_fault_13_a_state_that_this_callbacks_lost_attempt_used_is_its_own(functions: Functions) -> None:
    """Made by a hook of botocore, which has the answered call sent again."""
    authorization = an_authorization()
    store = wiring.authorizations()
    store.create(authorization)
    store.start(authorization, state_digest="digest")
    events: Any = dynamodb().meta.events
    events.register_first("needs-retry.dynamodb.UpdateItem", lost_once())

    found = store.consume("state", "digest")

    assert found.authorization_id == authorization.authorization_id
    with pytest.raises(ConnectError) as refused:
        store.consume("state", "digest")
    assert refused.value.code == "state_used"


def test_fault_13_a_claim_of_ones_own_lost_attempt_is_gone_on_with(functions: Functions) -> None:
    """Made by a hook of botocore, which has the answered call sent again."""
    warm(functions)
    events: Any = dynamodb().meta.events
    events.register_first("needs-retry.dynamodb.PutItem", lost_once())

    assert create(functions).status == 201


def hanging_from(call: int) -> tuple[Callable[..., None], dict[str, float]]:
    """Every call from the nth on never answers: how many seconds that costs is counted."""
    seen: dict[str, float] = defaultdict(float)

    def hang(request: Any, **_: object) -> None:
        seen["calls"] += 1
        if seen["calls"] > call:
            config: Any = dynamodb().meta.config
            seen["seconds"] += config.connect_timeout + config.read_timeout
            raise ReadTimeoutError(endpoint_url=request.url)

    return hang, seen


@pytest.mark.parametrize("call", range(8))
def test_fault_15_what_never_answers_ends_before_the_function_does(
    functions: Functions, quick: list[float], call: int
) -> None:
    """Made by a hook of botocore, which times out and counts the seconds."""
    functions.call("users", "POST", "/users", {"username": "ada@example.com"})
    hang, seen = hanging_from(call)
    for client in cast("list[Any]", [dynamodb(), kms()]):
        client.meta.events.register_first("before-send", hang)
    quick.clear()

    made = create(functions)

    assert made.status == 503
    assert seen["seconds"] + sum(quick) < SHORTEST_FUNCTION_SECONDS
