"""The deliveries queue: an attempt of a delivery, an event that the stream did not bring, the next part of a replay."""

from typing import TYPE_CHECKING, Any

from evergrant.domain.ids import WorkspaceId
from evergrant.runtime import assembly, wiring
from evergrant.runtime.batches import Batch, each_message, put_off
from evergrant.runtime.observability import logger
from evergrant.runtime.settings import settings
from evergrant.use_cases.webhooks.deliver import deliver
from evergrant.use_cases.webhooks.fan_out import fan_out_late

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> Batch:
    """Only what failed comes again; while notifications are paused, everything does, later."""
    act = put_off(wiring.deliveries()) if settings().paused("notifications") else _act
    return each_message(event, act, context)


def _act(message: dict[str, Any]) -> None:
    next(act for name, act in ACTIONS.items() if name in message)(message)


def _fan_out(message: dict[str, Any]) -> None:
    opened = fan_out_late(
        WorkspaceId(message["workspaceId"]),
        message["eventId"],
        webhooks=wiring.webhooks(),
        directory=wiring.directory(),
        deliveries=wiring.deliveries(),
    )
    logger().warning("fanned_out_late", extra={"event_id": message["eventId"], "deliveries": opened})


def _deliver(message: dict[str, Any]) -> None:
    after = deliver(
        WorkspaceId(message["workspaceId"]),
        message["eventId"],
        message["deliveryId"],
        webhooks=wiring.webhooks(),
        slots=wiring.slots(),
        sealer=wiring.sealer(),
        carrier=wiring.carrier,
        deliveries=wiring.deliveries(),
        sign=wiring.sign(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )
    status = after.status if after else "nothing_to_do"
    logger().info("delivery_attempted", extra={"delivery_id": message["deliveryId"], "status": status})


def _replay(message: dict[str, Any]) -> None:
    after = assembly.replayer().go_on(WorkspaceId(message["workspaceId"]), message["replayId"])
    told = {"replay_id": message["replayId"], "state": after.state if after else "nothing_to_do"}
    logger().info("replay_went_on", extra={**told, "replayed": after and after.replayed})


ACTIONS = {"replayId": _replay, "deliveryId": _deliver, "eventId": _fan_out}
"""By what a message names; a delivery's names its event too."""
