"""Clients of AWS, made by botocore alone: boto3 would add its resources, which nobody here uses, to a cold start."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session


ATTEMPTS = 3
"""Two throttled answers are borne."""
CONNECT_SECONDS, READ_SECONDS = 1, 2
"""A service that does not answer at all costs one call seven seconds or so, and a request at most two such calls."""


def client(service: str) -> Any:
    """Time-outs and retries stay well below the functions' 20 s and the gateway's 29 s."""
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return _session().create_client(service, config=config)


@cache
def _session() -> "Session":
    from botocore.session import Session

    return Session()
