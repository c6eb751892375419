"""After a rotation, or for a key of its own: data keys move under the current branch keys while everything goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from evergrant.domain.errors import SealBrokenError, UnavailableError
from evergrant.domain.ids import WorkspaceId
from evergrant.ports.sealing import SealedRow, SealedRows, Sealer


@dataclass(slots=True)
class Rewrapped:
    """What one run did."""

    moved: int = 0
    unreadable: int = 0
    left: int = 0
    """Whose key could not be had, or not reached: they stay as they are."""
    after: str | None = None
    """Where the next run goes on; None when all was looked at."""


def rewrap(after: str | None, *, rows: SealedRows, sealer: Sealer, has_time: Callable[[], bool]) -> Rewrapped:
    """Payloads are not touched, and a row that changed meanwhile is left as it is; safe to kill and to run again.

    A workspace whose key is away keeps nobody else waiting. Raises: UnavailableError when storage is away; then the
    run is repeated from where it began.
    """
    done, away = Rewrapped(after=after), set[WorkspaceId]()
    while True:
        page = rows.page(done.after)
        for row in page.items:
            _move(row, done, away, rows=rows, sealer=sealer)
        done.after = page.next
        if done.after is None or not has_time():
            return done


def _move(row: SealedRow, done: Rewrapped, away: set[WorkspaceId], *, rows: SealedRows, sealer: Sealer) -> None:
    fresh = None
    try:
        if row.workspace_id not in away:
            fresh = sealer.rewrap(row.sealed, row.workspace_id)
    except SealBrokenError:
        done.unreadable += 1
    except UnavailableError:
        # One call to a key service that refuses, not one for each row.
        away.add(row.workspace_id)
    done.left += row.workspace_id in away
    done.moved += fresh is not None and rows.replace(row, fresh)
