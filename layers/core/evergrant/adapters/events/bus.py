"""EventBridge buses: the envelope is the event's detail, so that rules may match any part of it."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from evergrant.adapters.aws import client, reply_of
from evergrant.domain.targets import arn_of
from evergrant.ports.webhooks import Message, Reply

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "evergrant"


@cache
def events(region: str) -> "EventBridgeClient":
    """That region's client."""
    return client("events", region=region)


class BusCarrier:
    """`Carrier` over EventBridge; `client` is that of a region."""

    def __init__(self, client: "Callable[[str], EventBridgeClient]") -> None:
        self._client = client

    def bring(self, message: Message, address: str) -> Reply:
        return reply_of(lambda: self._put(message, address))

    def _put(self, message: Message, address: str) -> Reply:
        answer = self._client(arn_of(address).region).put_events(
            Entries=[
                {
                    "EventBusName": address,
                    "Source": SOURCE,
                    "DetailType": message.event.type,
                    "Detail": message.body,
                    "Time": message.event.at,
                }
            ]
        )
        (entry,) = answer["Entries"]
        if answer["FailedEntryCount"]:
            # The call succeeded, and its status would say that the event did.
            return Reply(None, entry.get("ErrorCode"), error="refused")
        return Reply(answer["ResponseMetadata"]["HTTPStatusCode"], entry.get("EventId"))
