"""Asking who has set a cloud variable, while a program runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from cloudlink.clock import Clock, system_clock
from cloudlink.errors import CloudlinkError, NotConnected
from cloudlink.log_watch import LogWatch
from cloudlink.transport.authors import DELAY, LATE, PATIENCE, Author, Authors
from cloudlink.transport.connection import VariableSet
from cloudlink.transport.logs import LogNews, LogSource


class SetAuthors:
    """Finds out, from a project's cloud log, who set a variable to a value.

    Example:
        >>> with SetAuthors(partial(get_cloud_logs, 77)) as authors:         # doctest: +SKIP
        ...     author = authors.ask("score", "1042").result()
        ...     print(author.user, author.level)

    An answer takes as long as the log does, some seconds. It names nobody rather than the wrong one; `Author.doubt`
    tells why. The log has to be watched for `late` seconds before a set for an answer to be sure, so open this early.

    Args:
        source: fetches a page of the log, such as `partial(cloudlink.get_cloud_logs, project_id)`.
        interval: seconds between two looks at the log.
        delay: seconds within which the log shows a set.
        late: seconds that a value may have been under way to us after the log could show it.
        patience: seconds after which a question is answered without the log, if that cannot be had.
        look_first: look at the log at once, and raise if it cannot be had; else go on trying until it can.
        clock: seconds.

    Raises:
        CloudlinkError: the log cannot be had, and `look_first` is true.
    """

    def __init__(
        self,
        source: LogSource,
        *,
        interval: float = 1.0,
        delay: float = DELAY,
        late: float = LATE,
        patience: float = PATIENCE,
        look_first: bool = True,
        clock: Clock = system_clock,
    ) -> None:
        self._clock = clock
        self._authors = Authors(delay=delay, late=late, patience=patience)
        self._asked: dict[int, Future[Author]] = {}
        self._closed = False
        self._lock = threading.Lock()  # guards the three above
        self._watch = LogWatch(
            source,
            on_news=self._take,
            on_failure=_ignore,
            on_turn=self._expire,
            interval=interval,
            name="cloudlink-authors",
            clock=clock,
        )
        self._watch.start(look_first=look_first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ask(
        self, name: str, value: str, *, received_at: float | None = None, claim: str | None = None
    ) -> Future[Author]:
        """Ask who set a variable to a value that has just arrived.

        Args:
            name: of the variable, with or without the cloud sign.
            value: its text.
            received_at: when it arrived, as in `VariableSet`; now if left out.
            claim: the name that the project itself gives, if it does.

        Raises:
            NotConnected: this was closed.
        """
        now = self._clock() if received_at is None else received_at
        return self.ask_all([VariableSet(name, value, now)], claim=claim)

    def ask_all(self, sets: Sequence[VariableSet], *, claim: str | None = None) -> Future[Author]:
        """Ask who made all of these sets, such as the ones that carry a long message; one user must have made them all.

        Args:
            sets: as a connection's listener got them, at least one; the earliest came in the last 120 seconds.
            claim: the name that the project itself gives, if it does.

        Raises:
            InvalidArgument: there are no sets.
            NotConnected: this was closed.
        """
        future: Future[Author] = Future()
        with self._lock:
            if self._closed:
                raise NotConnected("nobody looks at the log any more; make a new SetAuthors")
            number, verdicts = self._authors.ask_all(sets, claim=claim)
            self._asked[number] = future
            settled = self._settled(verdicts)
        _tell(settled)
        return future

    def close(self) -> None:
        """Stop looking; what is still asked is cancelled. Again: does nothing."""
        with self._lock:
            self._closed = True
            asked, self._asked = self._asked, {}
        for future in asked.values():
            future.cancel()
        self._watch.stop()

    def _take(self, news: LogNews) -> None:
        with self._lock:
            settled = self._settled(self._authors.look(news))
        _tell(settled)

    def _expire(self, now: float) -> None:
        with self._lock:
            settled = self._settled(self._authors.expire(now=now))
        _tell(settled)

    def _settled(self, verdicts: list[tuple[int, Author]]) -> list[tuple[Future[Author], Author]]:
        return [(self._asked.pop(number), author) for number, author in verdicts if number in self._asked]


def _tell(settled: list[tuple[Future[Author], Author]]) -> None:
    """Hand the answers out, outside of the lock: whoever waits may ask again."""
    for future, author in settled:
        if future.set_running_or_notify_cancel():
            future.set_result(author)


def _ignore(error: CloudlinkError) -> None:
    """The watch has logged it, and the questions run out of patience by themselves."""
