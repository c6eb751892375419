"""Ports that break: each call is two steps, before and after it is done, and a worker can be killed at any of them."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evergrant.domain.errors import UnavailableError

NEVER_REFUSED = {"get", "find", "send", "renew"}


class KilledError(BaseException):
    """The process ends here: nothing in it may catch this."""


@dataclass
class Breaks:
    """What breaks next."""

    done: Callable[[], object] = lambda: None
    """What is looked at after each call, whatever becomes of its answer."""
    dies: Callable[[], object] = lambda: None
    killed_in: int | None = None
    """Steps until the worker's end."""
    refusals: int = 0
    """Writes that are refused; of those that are taken, the answer may be lost."""
    loses_writes: int = 0

    def calm(self) -> None:
        """Nothing breaks any more."""
        self.killed_in, self.refusals, self.loses_writes = None, 0, 0

    @contextmanager
    def call(self, name: str) -> Generator[None]:
        """Around one."""
        self._step()
        is_write = name not in NEVER_REFUSED
        if is_write and self.refusals:
            self.refusals -= 1
            raise UnavailableError
        yield
        self.done()
        self._step()
        if is_write and self.loses_writes:
            self.loses_writes -= 1
            raise UnavailableError

    def _step(self) -> None:
        if self.killed_in == 0:
            self.killed_in = None
            self.dies()
            raise KilledError
        if self.killed_in is not None:
            self.killed_in -= 1


class Breaking:
    """A port, and how its calls go."""

    def __init__(self, port: object, breaks: Breaks) -> None:
        self._port, self._breaks = port, breaks

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._port, name)

        def breaking(*args: object, **named: object) -> Any:
            with self._breaks.call(name):
                return call(*args, **named)

        return breaking
