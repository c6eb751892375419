"""After a rotation: data keys move under the current branch key, page by page, while everything goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from evergrant.domain.errors import SealBrokenError
from evergrant.ports import SealedRows, Sealer


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one run did."""

    moved: int
    unreadable: int
    after: str | None
    """Where the next run goes on; None when all was looked at."""


def rewrap(after: str | None, *, rows: SealedRows, sealer: Sealer, has_time: Callable[[], bool]) -> Rewrapped:
    """Payloads are not touched, and a row that changed meanwhile is left as it is; safe to kill and to run again.

    Raises: UnavailableError; then the run is repeated from where it began.
    """
    moved = unreadable = 0
    while True:
        page = rows.page(after)
        for row in page.items:
            try:
                fresh = sealer.rewrap(row.sealed)
            except SealBrokenError:
                unreadable += 1
                continue
            moved += fresh is not None and rows.replace(row, fresh)
        after = page.next
        if after is None or not has_time():
            return Rewrapped(moved, unreadable, after)
