"""Clients of AWS, made by botocore alone: boto3 would add its resources, which nobody here uses, to a cold start."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session

    from evergrant.ports.webhooks import Reply


ATTEMPTS = 3
"""Two throttled answers are borne."""
CONNECT_SECONDS, READ_SECONDS = 1, 2
"""A service that does not answer at all costs one call seven seconds or so, and a request at most two such calls."""


def client(service: str, *, region: str | None = None) -> Any:
    """Time-outs and retries stay well below the functions' 20 s and the gateway's 29 s. None: the function's region."""
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return _session().create_client(service, region_name=region, config=config)


@cache
def _session() -> "Session":
    from botocore.session import Session

    return Session()


def reply_of(call: "Callable[[], Reply]") -> "Reply":
    """What AWS itself says of an event that is brought to one of its services: a refusal is a reply, its code in it.

    Raises: ProviderTimeoutError, ProviderError.
    """
    from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

    from evergrant.domain.errors import ProviderError, ProviderTimeoutError
    from evergrant.ports.webhooks import Reply

    try:
        return call()
    except ClientError as error:
        about = error.response
        return Reply(about.get("ResponseMetadata", {}).get("HTTPStatusCode"), about.get("Error", {}).get("Code"))
    except (ConnectTimeoutError, ReadTimeoutError) as error:
        raise ProviderTimeoutError("AWS did not answer in time.") from error
    except BotoCoreError as error:
        raise ProviderError("AWS could not be reached.") from error
