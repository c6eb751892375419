"""The Events table's stream: each new event becomes one delivery for each endpoint that wants it."""

from typing import Any

from evergrant.runtime import wiring
from evergrant.runtime.observability import logger
from evergrant.use_cases.webhooks.fan_out import fan_out


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Stops at the first record that fails, so that the stream comes back to it (bisecting)."""
    for record in event["Records"]:
        happened = wiring.event_in_stream(record)
        if happened is None:
            continue
        try:
            opened = fan_out(
                happened, webhooks=wiring.webhooks(), directory=wiring.directory(), deliveries=wiring.deliveries()
            )
        except Exception as error:  # noqa: BLE001  # whatever it is, this record must come again
            logger().error("fan_out_failed", extra={"event_id": happened.event_id, "error": type(error).__name__})
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        logger().info("fanned_out", extra={"event_id": happened.event_id, "deliveries": opened})
    return {"batchItemFailures": []}
