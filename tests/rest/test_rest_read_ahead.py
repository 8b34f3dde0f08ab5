from __future__ import annotations

import threading
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument, NotFound
from cloudlink.rest.paging import PAGE
from cloudlink.rest.parallel import WORKERS
from cloudlink.rest.read_ahead import iter_list

lengths = st.integers(0, 2500)
limits = st.none() | st.integers(0, 2600)


@given(length=lengths, limit=limits, offset=st.integers(0, 300))
def test_a_list_is_read_as_without_looking_ahead(length: int, limit: int | None, offset: int) -> None:
    items = list(range(length))
    asked: list[tuple[int, int]] = []

    def fetch(size: int, start: int) -> list[int]:
        assert 1 <= size <= 40
        asked.append((size, start))
        return items[start : start + size]

    wanted = items[offset:] if limit is None else items[offset : offset + limit]
    assert list(iter_list(fetch, limit=limit, offset=offset, key=lambda item: item)) == wanted
    assert len(asked) == len(set(asked))
    needed = len(wanted) // PAGE + 1
    assert len(asked) <= needed + min(needed // 4, WORKERS)
    if limit is not None:
        assert all(start + size <= offset + limit for size, start in asked)


def test_in_a_short_list_nothing_is_asked_for_before_it_is_wanted() -> None:
    asked: list[int] = []

    def fetch(size: int, start: int) -> list[int]:
        asked.append(start)
        return list(range(start, start + size))

    assert len(list(islice(iter_list(fetch, limit=None), 4 * PAGE))) == 4 * PAGE
    assert asked == [0, 40, 80, 120]


def test_far_into_a_list_several_pages_are_under_way_together() -> None:
    together = threading.Barrier(4, timeout=10)

    def fetch(size: int, start: int) -> list[int]:
        if start >= 800:  # the twentieth page: five ahead
            together.wait()
        return list(range(start, start + size))

    assert list(islice(iter_list(fetch, limit=None), 820)) == list(range(820))
    together.abort()


def test_an_error_ahead_is_raised_where_it_stands() -> None:
    def fetch(size: int, start: int) -> list[int]:
        if start == 400:
            raise NotFound("gone meanwhile")
        return list(range(start, start + size))

    found: list[int] = []
    with pytest.raises(NotFound):
        found.extend(iter_list(fetch, limit=None))
    reading = iter_list(fetch, limit=None)
    assert list(islice(reading, 400)) == list(range(400))
    with pytest.raises(NotFound):
        next(reading)


def test_a_wrong_range_is_refused_at_once() -> None:
    with pytest.raises(InvalidArgument):
        iter_list(lambda size, start: [], limit="3")  # type: ignore[arg-type]
