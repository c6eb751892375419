"""SQS batches: each message on its own, and only what failed comes again."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evergrant.runtime.invocation import invocation
from evergrant.runtime.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from evergrant.ports.queues import Queue

Batch = dict[str, list[dict[str, str]]]
"""What Lambda wants back: `batchItemFailures`."""
Act = Callable[[dict[str, Any]], None]

NEEDED_MILLISECONDS = 25_000
"""What one message may take: a probe and a renewal of 8 s each, and storage on a slow day."""
PUT_OFF_SECONDS = 300


def each_message(event: dict[str, Any], act: Act, context: "LambdaContext") -> Batch:
    """Act on every message; one that fails spoils no other, and one that hangs dies with no other.

    What there is no time left for is handed back untouched. The first message is always begun.
    """
    failed: list[dict[str, str]] = []
    for number, record in enumerate(event["Records"]):
        if number and context.get_remaining_time_in_millis() < NEEDED_MILLISECONDS:
            rest = event["Records"][number:]
            logger().warning("messages_handed_back", extra={"count": len(rest)})
            failed += [{"itemIdentifier": each["messageId"]} for each in rest]
            break
        try:
            with invocation(context):
                act(json.loads(record["body"]))
        except Exception as error:  # noqa: BLE001  # whatever it is, the message must come again
            told = {"error": type(error).__name__, "code": getattr(error, "code", None)}
            logger().error("message_failed", extra={"message_id": record["messageId"], **told})
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def put_off(queue: "Queue") -> Act:
    """For a paused queue: each message waits again, and none of them ages towards the dead letters."""

    def send_again(message: dict[str, Any]) -> None:
        queue.send([message], delay_seconds=PUT_OFF_SECONDS)
        logger().info("message_put_off")

    return send_again
