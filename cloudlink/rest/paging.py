"""Long lists, one page at a time, only as far as somebody reads. Pure: the pages are fetched by a function handed in.

The site tells neither how long a list is nor what comes next: a page that is not full is the last one. Lists move
while they are read (a new item pushes the old ones down), so what was seen already is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Final, TypeVar

from cloudlink.errors import InvalidArgument, NotFound

PAGE: Final = 40
"""Most items a request may ask for; with more the site answers with an error (reference, section 2.3)."""

REMEMBERED: Final = 2000
"""How many of the newest keys are remembered, 50 pages: something would come twice only if a list moved by more than
that between two of its pages, and a list without end needs no memory without end."""

Item = TypeVar("Item")


def check_range(limit: int | None, offset: int = 0) -> None:
    """Raise InvalidArgument unless these are a usable limit and offset."""
    for name, value in (("limit", limit), ("offset", offset)):
        if value is None and name == "limit":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            hint = "; None means all" if name == "limit" else ""
            raise InvalidArgument(f"{name} is a whole number, 0 or more, not {value!r}{hint}")


def sort_parameters(sort_by: str, known: Sequence[str], *, descending: bool) -> dict[str, str]:
    """How a list of the old site is told to sort: the field in one of two parameters (reference, section 12).

    Raises:
        InvalidArgument: the field is none of those that are known.
    """
    if sort_by not in known:
        raise InvalidArgument(f"sort_by is one of {', '.join(map(repr, known))}, not {sort_by!r}")
    return {"ascsort": "" if descending else sort_by, "descsort": sort_by if descending else ""}


def by_offset(
    fetch: Callable[[int, int], Sequence[Item]],
    *,
    limit: int | None,
    offset: int = 0,
    key: Callable[[Item], Hashable] | None = None,
) -> Iterator[Item]:
    """The items of a list that is asked for by offset.

    Args:
        fetch: from limit (1 to 40) and offset to the items there.
        limit: most items, None for all.
        offset: how many to leave out at the start.
        key: what makes two items the same one; without it nothing is left out.

    Raises:
        InvalidArgument: at once, if limit or offset is below 0.
    """
    check_range(limit, offset)
    return _by_offset(fetch, limit, offset, key)


def _by_offset(
    fetch: Callable[[int, int], Sequence[Item]],
    limit: int | None,
    offset: int,
    key: Callable[[Item], Hashable] | None,
) -> Iterator[Item]:
    fresh = _Fresh(key)
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = list(fetch(size, offset))
        news = fresh.of(page)[:size]
        yield from news
        left = None if left is None else left - len(news)
        offset += len(page)
        # The second test ends it with a server that ignores the offset and would go on for ever.
        if len(page) < size or not news:
            return


def by_page(
    fetch: Callable[[int], Sequence[Item]],
    *,
    limit: int | None,
    page: int = 1,
    last_page: int | None = None,
    gap: int = 0,
    key: Callable[[Item], Hashable] | None = None,
) -> Iterator[Item]:
    """The items of a list that is asked for by page; past its end is an empty page or NotFound.

    Args:
        fetch: from the page's number to its items.
        limit: most items, None for all.
        page: the page to begin with; the site counts from 1.
        last_page: the last page there can be.
        gap: how many pages in a row may be empty without being the end.
        key: what makes two items the same one.

    Raises:
        InvalidArgument: at once, if limit is below 0 or page below 1.
        NotFound: while reading, if the first page already is not there.
    """
    check_range(limit)
    if not isinstance(page, int) or page < 1:
        raise InvalidArgument(f"pages are counted from 1, not {page!r}")
    return _by_page(fetch, limit, page, last_page, gap, key)


def _by_page(
    fetch: Callable[[int], Sequence[Item]],
    limit: int | None,
    page: int,
    last_page: int | None,
    gap: int,
    key: Callable[[Item], Hashable] | None,
) -> Iterator[Item]:
    fresh = _Fresh(key)
    left = limit
    start = page
    empty = 0
    while (left is None or left > 0) and (last_page is None or page <= last_page):
        try:
            items = fetch(page)
        except NotFound:
            if page == start == 1:
                raise
            return
        news = fresh.of(items) if left is None else fresh.of(items)[:left]
        empty = 0 if items else empty + 1
        if not news and not 1 <= empty <= gap:
            return
        yield from news
        left = None if left is None else left - len(news)
        page += 1


class _Fresh:
    """Tells the items that were not seen before."""

    def __init__(self, key: Callable[..., Hashable] | None) -> None:
        self._key = key
        self._seen: dict[Hashable, None] = {}  # the oldest first

    def of(self, items: Sequence[Item]) -> list[Item]:
        if self._key is None:
            return list(items)
        news: list[Item] = []
        for item in items:
            key = self._key(item)
            if key not in self._seen:
                self._seen[key] = None
                news.append(item)
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return news
