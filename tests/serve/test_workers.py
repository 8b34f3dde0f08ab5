"""The threads that handlers and event functions run in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import patience
import pytest

from cloudlink.serve.workers import Workers


@pytest.fixture
def worker() -> Iterator[Workers]:
    worker = Workers(1, name="under-test", waiting=3)
    yield worker
    worker.stop()


@pytest.mark.parametrize("end", [lambda: 1 / 0, sys.exit], ids=["failure", "exit"])
def test_a_job_that_fails_takes_no_thread_with_it(worker: Workers, end: Callable[[], object]) -> None:
    done = threading.Event()
    worker.run(end)
    worker.run(done.set)
    assert done.wait(10)


def test_more_jobs_than_may_wait_are_dropped_until_there_is_room(worker: Workers) -> None:
    go_on, done = threading.Event(), []
    worker.run(partial(go_on.wait, 10))
    taken = [worker.run(lambda number=number: done.append(number)) for number in range(5)]  # type: ignore[misc]
    assert taken == [True, True, True, False, False]
    go_on.set()
    patience.until(lambda: len(done) == 3)
    assert worker.run(lambda: done.append(5))
    patience.until(lambda: done == [0, 1, 2, 5])
