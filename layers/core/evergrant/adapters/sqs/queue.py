"""An SQS queue: messages name things, and never hold a secret."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from evergrant.adapters.aws import client
from evergrant.domain.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10


@cache
def sqs(region: str | None = None) -> "SQSClient":
    """That region's client; None: this environment's."""
    return client("sqs", region=region)


class SqsQueue:
    """`Queue` on SQS."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client, self._url = client, url

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        for start in range(0, len(messages), BATCH):
            entries = [
                {"Id": str(number), "MessageBody": json.dumps(message), "DelaySeconds": delay_seconds}
                for number, message in enumerate(messages[start : start + BATCH])
            ]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]  # built here
            except (ClientError, BotoCoreError) as error:
                raise UnavailableError("The queue is away for a moment. Try again.") from error
            if answer.get("Failed"):
                raise UnavailableError("The queue refused some messages. Try again.")
