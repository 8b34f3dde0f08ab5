"""The thread that looks at a project's cloud log again and again."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence

from cloudlink.clock import Clock, system_clock
from cloudlink.errors import CloudError, CloudlinkError, InvalidArgument
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.logs import MOST_PAGES, PAGE, LogEntry, LogNews, LogReader, LogSource

_log = logging.getLogger("cloudlink.log")

SHORTEST_INTERVAL = 0.1
"""Seconds. Nobody may ask the site more often: `scratch_api.md`, section 17.1."""

_BACKOFF = Backoff(first=2.0, longest=60.0)


class LogWatch:
    """Looks at a log every so often, and less often while it cannot be had.

    Args:
        source: fetches a page of the log.
        on_news: called after each look that worked, in the watch's thread; for the first one it may be that of `start`.
        on_failure: called after each look that did not, with the error.
        on_turn: called after every look, whether it worked or not, with the time.
        interval: seconds between two looks.
        name: of the thread.
        clock: seconds.

    Raises:
        InvalidArgument: interval is below 0.1 seconds.
    """

    def __init__(
        self,
        source: LogSource,
        *,
        on_news: Callable[[LogNews], None],
        on_failure: Callable[[CloudlinkError], None],
        on_turn: Callable[[float], None],
        interval: float,
        name: str,
        clock: Clock = system_clock,
    ) -> None:
        if not interval >= SHORTEST_INTERVAL:
            raise InvalidArgument(f"the log may be asked every {SHORTEST_INTERVAL} s at most, not every {interval} s")
        self._source = source
        self._on_news = on_news
        self._on_failure = on_failure
        self._on_turn = on_turn
        self._interval = interval
        self._clock = clock
        self._reader = LogReader()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, *, look_first: bool = True) -> None:
        """Begin to watch.

        Args:
            look_first: look for the first time before this returns; else an interval later, as ever after.

        Raises:
            CloudlinkError: what the source raises if the log cannot be had at first; nothing was begun.
        """
        if look_first:
            self._look()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, when the look that is under way is over. Again: does nothing."""
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        failures = 0
        jitter = random.Random()
        while not self._stopping.wait(_BACKOFF.delay(failures - 1, jitter) if failures else self._interval):
            try:
                self._look()
                failures = 0
            except CloudlinkError as error:
                failures += 1
                level = logging.WARNING if failures == 1 else logging.INFO
                _log.log(level, "the cloud log could not be had: %s", error)
                self._on_failure(error)
            except Exception as error:  # a source of the user's own
                failures += 1
                _log.exception("the cloud log could not be looked at")
                self._on_failure(CloudError(f"the log's source failed: {error!r}"))
            self._on_turn(self._clock())

    def _look(self) -> None:
        asked_at = self._clock()
        pages: list[Sequence[LogEntry]] = []
        while not self._stopping.is_set():
            pages.append(self._source(limit=PAGE, offset=len(pages) * PAGE))
            if len(pages) >= MOST_PAGES or self._reader.reaches_back(pages[-1], limit=PAGE):
                self._on_news(self._reader.take(pages, limit=PAGE, asked_at=asked_at, answered_at=self._clock()))
                return
