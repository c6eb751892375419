"""An SQS queue: messages name things, and never hold a secret."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from evergrant.domain.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10


@cache
def sqs() -> "SQSClient":
    """Time-outs and retries stay well below the gateway's 29 s."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("sqs", config=config)


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
