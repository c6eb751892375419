"""Queues of the owner's: an event is a message, its signature beside it (Standard Webhooks)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from evergrant.adapters.aws import reply_of
from evergrant.domain.targets import arn_of
from evergrant.ports.webhooks import Message, Reply

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageRequestTypeDef


class QueueCarrier:
    """`Carrier` over SQS; `client` is that of a region."""

    def __init__(self, client: "Callable[[str], SQSClient]") -> None:
        self._client = client

    def bring(self, message: Message, address: str) -> Reply:
        return reply_of(lambda: self._send(message, address))

    def _send(self, message: Message, address: str) -> Reply:
        arn = arn_of(address)
        client = self._client(arn.region)
        request: SendMessageRequestTypeDef = {
            # Made of the ARN as SQS makes it: asking for it would be one more call, and one more right.
            "QueueUrl": f"{client.meta.endpoint_url.rstrip('/')}/{arn.account}/{arn.name}",
            "MessageBody": message.body,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in message.headers.items()
            },
        }
        if arn.name.endswith(".fifo"):
            event = message.event
            # One order for each credential; and a second attempt within five minutes is no second message.
            request["MessageGroupId"] = event.credential_id or event.workspace_id
            request["MessageDeduplicationId"] = event.event_id
        answer = client.send_message(**request)
        return Reply(answer["ResponseMetadata"]["HTTPStatusCode"], answer["MessageId"])
