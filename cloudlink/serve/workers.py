"""Where handlers run: daemon threads for plain functions, one event loop for coroutines.

The threads are daemons, unlike those of `concurrent.futures`: a handler that never returns keeps a stopped program
from nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any

_log = logging.getLogger("cloudlink.server")

_ASYNC_END = 1.0
"""Seconds that cancelled coroutines have to tidy up."""

Job = Callable[[], object]


class Workers:
    """Threads that run jobs, begun as they are needed.

    Args:
        most: threads at the same time; further jobs wait.
        name: of the threads, which a number follows.
        waiting: jobs that may wait; None for any number, where something else bounds them.
    """

    def __init__(self, most: int, *, name: str, waiting: int | None = None) -> None:
        self._most = most
        self._name = name
        self._most_open = math.inf if waiting is None else most + waiting
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._open = 0  # jobs that wait or run
        self._stopped = False

    def run(self, job: Job) -> bool:
        """Run a job in one of the threads as soon as one is free; False if too many wait, or after `stop`."""
        with self._lock:
            if self._stopped or self._open >= self._most_open:
                return False
            self._jobs.put(job)
            self._open += 1
            if self._threads < min(self._open, self._most):
                self._threads += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
            return True

    def stop(self) -> None:
        """Drop the jobs that wait, and end each thread after the job that it runs."""
        with self._lock:
            self._stopped = True
            while not self._jobs.empty():
                self._jobs.get()
            for _ in range(self._threads):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException:  # also SystemExit, which would end this thread without a word
                _log.exception("%s failed", self._name)
            with self._lock:
                self._open -= 1


class AsyncWorker:
    """An event loop in a daemon thread of its own, begun when the first coroutine comes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[None]] = set()  # a loop alone does not keep them from being collected
        self._stopped = False

    def run(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine function; it should raise nothing. After `stop`, do nothing."""
        with self._lock:
            if self._stopped:
                return
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            self._loop.call_soon_threadsafe(self._begin, self._loop, job)

    def stop(self) -> None:
        """Cancel what runs and end the thread; one that does not end soon is left behind."""
        with self._lock:
            self._stopped = True
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._cancel_all(self._loop), self._loop)
        if threading.current_thread() is self._thread:  # a handler stops the server: the loop ends after it
            return
        self._thread.join(_ASYNC_END)
        if self._thread.is_alive():
            _log.warning("an async handler does not end; it should not block or refuse to be cancelled")

    def _begin(self, loop: asyncio.AbstractEventLoop, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = loop.create_task(job())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        loop.run_forever()
        loop.close()

    @staticmethod
    async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop.stop()
