"""Pages of a list: filled with what fits, however much is passed over."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from evergrant.ports.pages import Page

Item = TypeVar("Item")

AT_MOST = 100
"""Pages read for one; what is left is the next page's."""


def filled(
    read: Callable[[str | None], Page[Item]],
    fits: Callable[[Item], bool],
    place: Callable[[Item], str],
    *,
    limit: int,
    after: str | None,
) -> Page[Item]:
    """The first `limit` after `after` that fit; `place` says where an item stands in the list that `read` reads."""
    found: list[Item] = []
    for _ in range(AT_MOST):
        page = read(after)
        found += [each for each in page.items if fits(each)]
        if len(found) > limit:
            return Page(found[:limit], place(found[limit - 1]))
        after = page.next
        if after is None:
            break
    return Page(found, after)


def every(read: Callable[[str | None], Page[Item]]) -> Iterator[Item]:
    """All items of all pages, each page read when the one before it is used up."""
    after: str | None = None
    while True:
        page = read(after)
        yield from page.items
        after = page.next
        if after is None:
            return


def part_of(items: Sequence[Item], place: Callable[[Item], str], *, limit: int, after: str | None) -> Page[Item]:
    """Of a short list that was read whole, in the order of its places."""
    rest = [each for each in items if after is None or place(each) > after]
    return Page(rest[:limit], place(rest[limit - 1]) if len(rest) > limit else None)
