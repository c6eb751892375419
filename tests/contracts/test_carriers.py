"""The ways to endpoints: what AWS says of an event becomes a reply, and its absence an error."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from evergrant.adapters.events.bus import BusCarrier
from evergrant.adapters.sqs.carrier import QueueCarrier
from evergrant.domain.errors import ProviderError, ProviderTimeoutError
from evergrant.ports.webhooks import Carrier, Message, Reply

from tests.builders import an_event

EVENT = an_event(type="credential.expired")
MESSAGE = Message(EVENT, EVENT.text(), {"webhook-id": EVENT.event_id})
ADDRESSES = {
    "bus": "arn:aws:events:eu-west-1:123456789012:event-bus/owners",
    "queue": "arn:aws:sqs:eu-west-1:123456789012:owners",
}
Answering = Callable[..., Any]


class Aws:
    """A client whose one call is answered as told; `asked` has what it was called with."""

    def __init__(self, answer: Answering) -> None:
        self.meta = self
        self.endpoint_url = "https://sqs.eu-west-1.amazonaws.com"
        self.regions: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self._answer = answer

    def __call__(self, region: str) -> Any:
        self.regions.append(region)
        return self

    def put_events(self, **request: Any) -> Any:
        self.asked.append(request)
        return self._answer()

    send_message = put_events


def carriers(aws: Aws) -> dict[str, Carrier]:
    return {"bus": BusCarrier(aws), "queue": QueueCarrier(aws)}


def raising(error: Exception) -> Answering:
    def answer() -> None:
        raise error

    return answer


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")  # type: ignore[arg-type]  # as much as is read


@pytest.mark.parametrize("kind", ADDRESSES)
@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 400), ("ThrottlingException", 503)])
def test_a_refusal_is_a_reply_with_its_code(kind: str, code: str, status: int) -> None:
    aws = Aws(raising(refusal(code, status)))

    assert carriers(aws)[kind].bring(MESSAGE, ADDRESSES[kind]) == Reply(status, code)


@pytest.mark.parametrize("kind", ADDRESSES)
@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (ReadTimeoutError(endpoint_url="https://aws.example"), ProviderTimeoutError),
        (EndpointConnectionError(endpoint_url="https://aws.example"), ProviderError),
    ],
)
def test_no_answer_is_an_error(kind: str, trouble: Exception, error: type[ProviderError]) -> None:
    with pytest.raises(error) as raised:
        carriers(Aws(raising(trouble)))[kind].bring(MESSAGE, ADDRESSES[kind])

    assert type(raised.value) is error


@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_target_is_asked_in_its_own_region(kind: str) -> None:
    aws = Aws(raising(refusal("No", 400)))
    carriers(aws)[kind].bring(MESSAGE, ADDRESSES[kind])

    assert aws.regions == ["eu-west-1"]


def test_a_call_that_succeeds_may_refuse_the_event() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorizedForSourceException"}]}
    reply = BusCarrier(Aws(lambda: refused)).bring(MESSAGE, ADDRESSES["bus"])

    assert reply == Reply(None, "NotAuthorizedForSourceException", error="refused")


def test_an_event_on_a_bus_has_its_own_time_and_type() -> None:
    taken = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}], "ResponseMetadata": {"HTTPStatusCode": 200}}
    aws = Aws(lambda: taken)
    reply = BusCarrier(aws).bring(MESSAGE, ADDRESSES["bus"])

    ((entry,),) = [each["Entries"] for each in aws.asked]
    assert reply == Reply(200, "1")
    assert entry == {
        "EventBusName": ADDRESSES["bus"],
        "Source": "evergrant",
        "DetailType": "credential.expired",
        "Detail": EVENT.text(),
        "Time": EVENT.at,
    }
