"""Where an endpoint may be: a receiver on the web, an EventBridge bus, an SQS queue; what differs stands in a table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.events import EventType

TargetType = Literal["webhook", "event_bus", "queue"]
_ARN = re.compile(r"arn:[a-z-]+:(?P<service>events|sqs):(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Target:
    """What is said of endpoints of one type."""

    field: Literal["url", "arn"]
    """The endpoint's field that holds its address."""
    headers: tuple[str, ...]
    """What goes beside the body: HTTP's headers, or a message's attributes."""
    parameter: str | None = None
    """The template's parameter that names all there may be; None where any public address will do."""
    is_signed: bool = True
    """EventBridge's rules see the event alone, and there is no place beside it; who put it there, IAM has made sure."""
    always: tuple[EventType, ...] = ()
    """What it hears whatever its endpoint asks for."""


_WEBHOOK = ("webhook-id", "webhook-timestamp")
TARGETS: dict[TargetType, Target] = {
    "webhook": Target("url", ("content-type", "user-agent", *_WEBHOOK)),
    "event_bus": Target("arn", (), "EventBusArns", is_signed=False, always=("endpoint.disabled",)),
    "queue": Target("arn", _WEBHOOK, "EventQueueArns"),
}


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of a bus's or a queue's name that a call needs."""

    region: str
    account: str
    name: str


def arn_of(text: str) -> Arn:
    """Raises: ValueError."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise ValueError("must be the ARN of an EventBridge bus or of an SQS queue")
    return Arn(found["region"], found["account"], found["name"])


def check_fields(type_: TargetType, given: Mapping[str, str | None], *, is_new: bool) -> None:
    """`given`: what is said of each field that may hold an address; a change need not say any.

    Raises: ValidationFailedError, which names the field that is missing, and the one that this type has not.
    """
    wanted = TARGETS[type_].field
    wrong = [
        Detail(name, f"An endpoint of type `{type_}` has no `{name}`, but `{wanted}`.")
        for name, value in given.items()
        if value is not None and name != wanted
    ]
    if is_new and given[wanted] is None:
        wrong.append(Detail(wanted, f"An endpoint of type `{type_}` needs its `{wanted}`."))
    if wrong:
        raise ValidationFailedError(wrong)


def check_named(type_: TargetType, arn: str, named: frozenset[str]) -> None:
    """`named`: what the template's parameter holds. Raises: ValidationFailedError."""
    if arn not in named:
        parameter = TARGETS[type_].parameter
        raise ValidationFailedError(
            [Detail("arn", f"This is not named in the template's parameter {parameter}: its operator adds it there.")]
        )
