"""Fetches the next pages of a long list while its reader is still busy with one.

The site answers a page in the time that a signal takes around the world, and allows about ten questions a second
(see `pacing`), so one question at a time is slower than it has to be. Nobody knows how long a list is, so the
further somebody has read, the further is looked ahead: not at all in a short list, and a few pages in a long one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from cloudlink.rest.paging import PAGE, by_offset, check_range
from cloudlink.rest.parallel import WORKERS

READ_FOR_ONE_AHEAD: Final = 4
"""Pages that were read for each that is fetched ahead: at most a quarter of the requests can be in vain, past the
end."""

Item = TypeVar("Item")


def iter_list(
    fetch: Callable[[int, int], Sequence[Item]],
    *,
    limit: int | None,
    offset: int = 0,
    key: Callable[[Item], Hashable] | None = None,
) -> Iterator[Item]:
    """The items of a list that is asked for by offset; as `paging.by_offset`, with looking ahead.

    Args:
        fetch: from limit (1 to 40) and offset to the items there; it is called from several threads.
        limit: most items, None for all.
        offset: how many to leave out at the start.
        key: what makes two items the same one; without it nothing is left out.

    Raises:
        InvalidArgument: at once, if limit or offset is below 0.
    """
    check_range(limit, offset)
    return by_offset(ReadAhead(fetch, limit=limit, offset=offset), limit=limit, offset=offset, key=key)


class ReadAhead(Generic[Item]):
    """A function like the one it is made of, which has the following pages under way already.

    Args:
        fetch: from limit and offset to the items there; it is called from several threads.
        limit: most items that will be asked for, None for all.
        offset: where the reading begins.
    """

    def __init__(self, fetch: Callable[[int, int], Sequence[Item]], *, limit: int | None, offset: int) -> None:
        self._fetch = fetch
        self._end = None if limit is None else offset + limit
        self._pages = 0
        self._waiting: dict[tuple[int, int], Future[Sequence[Item]]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def __call__(self, size: int, offset: int) -> Sequence[Item]:
        """The items there; asks for the pages behind them as well, if a good deal was read already."""
        waiting = self._waiting.pop((size, offset), None)
        self._look_ahead(offset + size)
        self._pages += 1
        return self._fetch(size, offset) if waiting is None else waiting.result()

    def _look_ahead(self, offset: int) -> None:
        for page in range(min(self._pages // READ_FOR_ONE_AHEAD, WORKERS - 1)):
            start = offset + page * PAGE
            size = PAGE if self._end is None else min(PAGE, self._end - start)
            if size < 1:
                return
            if (size, start) not in self._waiting:
                # Its threads end by themselves when nobody holds it any more.
                self._pool = self._pool or ThreadPoolExecutor(WORKERS - 1, thread_name_prefix="cloudlink-ahead")
                self._waiting[size, start] = self._pool.submit(self._fetch, size, start)
