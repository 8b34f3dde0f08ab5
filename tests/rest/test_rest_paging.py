from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument, NotFound
from cloudlink.rest.paging import PAGE, REMEMBERED, by_offset, by_page

lengths = st.integers(0, 200)
limits = st.none() | st.integers(0, 250)


@given(length=lengths, limit=limits, offset=st.integers(0, 220))
def test_a_list_is_read_to_its_limit_and_no_request_asks_for_more_than_40(
    length: int, limit: int | None, offset: int
) -> None:
    items = list(range(length))
    asked: list[int] = []

    def fetch(size: int, start: int) -> list[int]:
        assert 1 <= size <= 40
        asked.append(size)
        return items[start : start + size]

    wanted = items[offset:] if limit is None else items[offset : offset + limit]
    assert list(by_offset(fetch, limit=limit, offset=offset, key=lambda item: item)) == wanted
    assert len(asked) <= len(wanted) // 40 + 1


def test_nothing_is_asked_before_somebody_reads() -> None:
    def fetch(size: int, start: int) -> list[int]:
        asked.append(start)
        return list(range(start, start + size))

    asked: list[int] = []
    endless = by_offset(fetch, limit=None)
    assert asked == []
    assert list(islice(endless, 41)) == list(range(41))
    assert asked == [0, 40]


@given(new=st.lists(st.integers(0, 40), max_size=6))
def test_what_is_pushed_down_while_reading_does_not_come_twice(new: list[int]) -> None:
    items = list(range(100))
    fresh = iter(range(-1, -1000, -1))
    arrivals = iter(new)

    def fetch(size: int, start: int) -> list[int]:
        page = items[start : start + size]
        items[:0] = [next(fresh) for _ in range(next(arrivals, 0))]
        return page

    found = list(by_offset(fetch, limit=None, key=lambda item: item))
    assert len(found) == len(set(found))
    if sum(new) < 40:  # a push by a whole page ends it: the page then brings nothing new
        assert set(range(100)) <= set(found)


def test_a_list_without_end_needs_no_memory_without_end() -> None:
    class Key:
        alive = 0

        def __init__(self) -> None:
            Key.alive += 1

        def __del__(self) -> None:
            Key.alive -= 1

    endless = by_offset(lambda size, start: [object() for _ in range(size)], limit=None, key=lambda item: Key())
    for _ in islice(endless, 3 * REMEMBERED):
        assert Key.alive <= REMEMBERED + PAGE


def test_a_server_that_ignores_the_offset_does_not_hold_us_for_ever() -> None:
    found = list(by_offset(lambda size, start: list(range(40)), limit=None, key=lambda item: item))
    assert found == list(range(40))


def test_a_server_that_gives_too_much_is_cut() -> None:
    assert len(list(by_offset(lambda size, start: list(range(start, start + 100)), limit=5))) == 5


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"limit": True}, {"limit": None, "offset": -1}, {"limit": "3"}])
def test_a_wrong_range_is_refused_at_once(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument, match="whole number"):
        by_offset(lambda size, start: [], **wrong)


@given(length=lengths, limit=limits, page=st.integers(1, 8))
def test_pages_are_read_until_not_found(length: int, limit: int | None, page: int) -> None:
    items = list(range(length))

    def fetch(page: int) -> list[int]:
        found = items[(page - 1) * 30 : page * 30]
        if page > 1 and not found:
            raise NotFound("past the end")
        return found

    wanted = items[(page - 1) * 30 :]
    wanted = wanted if limit is None else wanted[:limit]
    assert list(by_page(fetch, limit=limit, page=page)) == wanted


@given(pages=st.lists(st.integers(0, 3), max_size=8), gap=st.integers(0, 3))
def test_a_list_with_gaps_is_read_over_them(pages: list[int], gap: int) -> None:
    asked: list[int] = []

    def fetch(page: int) -> list[tuple[int, int]]:
        asked.append(page)
        return [(page, place) for place in range(pages[page - 1])] if page <= len(pages) else []

    wanted: list[tuple[int, int]] = []
    empty = 0
    for page, length in enumerate(pages, start=1):
        empty = 0 if length else empty + 1
        if empty > gap:
            break
        wanted += [(page, place) for place in range(length)]
    assert list(by_page(fetch, limit=None, gap=gap, key=lambda item: item)) == wanted
    assert len(asked) <= len(pages) + gap + 1


def test_a_first_page_that_is_missing_is_told() -> None:
    def fetch(page: int) -> list[int]:
        raise NotFound("no such user")

    with pytest.raises(NotFound):
        list(by_page(fetch, limit=None))


def test_pages_end_at_the_last_one_and_begin_with_one() -> None:
    assert list(by_page(lambda page: [page], limit=None, last_page=3)) == [1, 2, 3]
    with pytest.raises(InvalidArgument, match="from 1"):
        by_page(lambda page: [page], limit=None, page=0)
