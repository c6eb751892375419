"""Logs: events, not prose; a static name, identifiers as fields; one line per invocation at least."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

# At DEBUG these print codes and tokens.
for _chatty in ("requests_oauthlib", "oauthlib", "urllib3", "botocore", "boto3"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


@cache
def logger() -> "Logger":
    """The function's structured logger; its service name comes from the template."""
    from aws_lambda_powertools import Logger

    return Logger(log_uncaught_exceptions=False)


def request_id_of(event: Mapping[str, Any]) -> str:
    """API Gateway's id of the request."""
    context: Mapping[str, Any] = event.get("requestContext") or {}
    return str(context.get("requestId") or "unknown")


def begin(event: Mapping[str, Any]) -> None:
    """Each line has the request's id from now on: its caller quotes it, and whoever looks finds what went wrong."""
    logger().append_keys(request_id=request_id_of(event))


def report(event: str, fields: Mapping[str, object]) -> None:
    """For use cases that have something to tell the operator."""
    logger().error(event, extra=dict(fields))
