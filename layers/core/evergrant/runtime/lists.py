"""A page of a list, as the contract has it."""

from collections.abc import Callable
from typing import TypeVar

from evergrant.ports.pages import Page
from evergrant.runtime import wiring
from evergrant.runtime.cursors import read_cursor, write_cursor
from evergrant.runtime.http import Answer, PageQuery, ok

Item = TypeVar("Item")


def listed(
    query: PageQuery, name: str, read: Callable[[str | None], Page[Item]], shown: Callable[[Item], object]
) -> Answer:
    """`name` has the workspace, the list and its filters: a cursor is good for nothing else.

    Raises: BadRequestError (`unusable_cursor`).
    """
    page = read(read_cursor(query.cursor, query=name, fingerprints=wiring.fingerprints()))
    following = write_cursor(page.next, query=name, fingerprints=wiring.fingerprints())
    return ok({"data": [shown(each) for each in page.items], "nextCursor": following})
