"""Pages of what a fake holds."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from evergrant.ports.pages import Page

Item = TypeVar("Item")


def page_of(
    items: Iterable[Item], place: Callable[[Item], str], *, limit: int, after: str | None, newest_first: bool = False
) -> Page[Item]:
    """In the order of their places."""
    ordered = sorted(items, key=place, reverse=newest_first)
    rest = [each for each in ordered if after is None or (place(each) < after if newest_first else place(each) > after)]
    return Page(rest[:limit], place(rest[limit - 1]) if len(rest) > limit else None)
