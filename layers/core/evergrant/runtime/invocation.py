"""How much time the running invocation has left."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

WITHOUT_END = timedelta(minutes=15)
"""Outside an invocation: as much as Lambda gives at most."""
_running: ContextVar["LambdaContext | None"] = ContextVar("running", default=None)


@contextmanager
def invocation(context: "LambdaContext") -> Generator[None]:
    """While it lasts, `remaining` tells of it."""
    token = _running.set(context)
    try:
        yield
    finally:
        _running.reset(token)


def remaining() -> timedelta:
    """Until Lambda ends this invocation."""
    context = _running.get()
    return timedelta(milliseconds=context.get_remaining_time_in_millis()) if context else WITHOUT_END
