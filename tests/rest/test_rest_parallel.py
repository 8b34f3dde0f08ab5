from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.rest.parallel import in_parallel


@settings(max_examples=30)
@given(count=st.integers(0, 40), workers=st.integers(1, 32))
def test_everything_is_done_once_and_never_too_much_at_a_time(count: int, workers: int) -> None:
    lock = threading.Lock()
    running, most, done = 0, 0, []

    def work(item: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            done.append(item)
        with lock:
            running -= 1
        return -item

    assert sorted(in_parallel(work, range(count), workers=workers)) == sorted(-item for item in range(count))
    assert sorted(done) == list(range(count))
    assert most <= workers


def test_several_are_under_way_together() -> None:
    together = threading.Barrier(4, timeout=10)
    assert len(list(in_parallel(lambda item: together.wait(), range(8), workers=4))) == 8


def test_after_a_failure_nothing_more_begins_and_nothing_still_runs() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        time.sleep(0.001)  # or all of it may be done before anybody looks
        if item == 3:
            raise KeyError(item)

    with pytest.raises(KeyError):
        list(in_parallel(work, range(1000), workers=2))
    assert len(begun) < 1000
    assert not any(thread.name.startswith("cloudlink-files") for thread in threading.enumerate())


def test_whoever_stops_reading_stops_the_work() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        time.sleep(0.001)

    with closing(in_parallel(work, range(1000), workers=1)) as results:
        next(results)
    before = len(begun)
    assert before < 1000
    assert not any(thread.name.startswith("cloudlink-files") for thread in threading.enumerate())
    assert len(begun) == before


@pytest.mark.parametrize("workers", [0, -1, 33, "8"])
def test_a_number_of_workers_that_cannot_be_is_refused_at_once(workers: int) -> None:
    with pytest.raises(InvalidArgument, match="from 1 to 32"):
        in_parallel(print, [], workers=workers)
