"""The same work for many things, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import Final, TypeVar

from cloudlink.errors import InvalidArgument

WORKERS: Final = 8
"""How many assets are fetched at a time: about as many as browsers do from a host (6 to 8), and fewer than the ten
connections that `http.RequestsTransport` keeps open."""

MAX_WORKERS: Final = 32

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item], *, workers: int = WORKERS) -> Generator[Result]:
    """The results for all items, each when it is ready.

    When one fails, or the caller closes this, no further work begins; what is under way is waited for.

    Args:
        work: what is done with an item, in a thread of its own.
        items: what there is to do.
        workers: how many threads, 1 to 32.

    Raises:
        InvalidArgument: at once, if workers is not from 1 to 32.
    """
    if not isinstance(workers, int) or not 1 <= workers <= MAX_WORKERS:
        raise InvalidArgument(f"workers is a whole number from 1 to {MAX_WORKERS}, not {workers!r}")
    return _in_parallel(work, items, workers)


def _in_parallel(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Generator[Result]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="cloudlink-files")
    left = iter(items)
    try:
        # No more than the threads can do, so that the work never gets far ahead of a caller who may close this.
        under_way = {pool.submit(work, item) for item in islice(left, workers)}
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.result()
                under_way.update(pool.submit(work, item) for item in islice(left, 1))
                yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
