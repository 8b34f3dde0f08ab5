"""The threads that handlers and event functions run in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import patience
import pytest

from cloudlink.serve.workers import AsyncWorker, Workers


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


def test_what_comes_after_the_stopping_is_not_run() -> None:
    ran: list[str] = []

    async def run() -> None:
        ran.append("async")

    for first in (False, True):  # a loop that was never begun is not begun then either
        worker, async_worker = Workers(1, name="under-test"), AsyncWorker("under-test")
        if first:
            async_worker.run(run)
            patience.until(lambda: ran == ["async"])
        worker.stop()
        async_worker.stop()
        assert not worker.run(lambda: ran.append("plain"))
        async_worker.run(run)
    assert ran == ["async"]
    assert not any(thread.name.startswith("under-test") for thread in threading.enumerate())
