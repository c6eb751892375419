"""SQS batches: each message on its own, and only what failed comes again."""

import json
from collections.abc import Callable
from typing import Any

from evergrant.runtime.observability import logger

Batch = dict[str, list[dict[str, str]]]
"""What Lambda wants back: `batchItemFailures`."""


def each_message(event: dict[str, Any], act: Callable[[dict[str, Any]], None]) -> Batch:
    """Act on every message; one that fails spoils no other."""
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            act(json.loads(record["body"]))
        except Exception as error:  # noqa: BLE001  # whatever it is, the message must come again
            told = {"error": type(error).__name__, "code": getattr(error, "code", None)}
            logger().error("message_failed", extra={"message_id": record["messageId"], **told})
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
