"""Clients of AWS, made by botocore alone: boto3 would add its resources, which nobody here uses, to a cold start."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session


def client(service: str, *, attempts: int) -> Any:
    """Time-outs and retries stay well below the gateway's 29 s."""
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": attempts})
    return _session().create_client(service, config=config)


@cache
def _session() -> "Session":
    from botocore.session import Session

    return Session()
