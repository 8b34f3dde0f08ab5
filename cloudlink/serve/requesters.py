"""Requesters: who has made a request, by the cloud's log.

A request comes with its carriers, the sets of variables that have carried its parts. Anybody can make a set that looks
as if it were somebody else's, but the cloud's log names who has made it, some seconds later. If one user has made all
the carriers, that user has asked; otherwise nobody has, and the asker gets an error that tells why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudlink.clock import Clock
from cloudlink.errors import NotConnected, RequestError
from cloudlink.level import Level
from cloudlink.link.events import Carrier
from cloudlink.set_authors import SetAuthors
from cloudlink.transport.authors import DELAY, LATE, Author, Doubt
from cloudlink.transport.connection import VariableSet
from cloudlink.transport.logs import LogSource

FORBIDDEN: Final = 403
"""The code of the error for whoever does not show well enough who they are."""

_DOUBTS: Final = {
    Doubt.AMBIGUOUS: "several users have sent it",
    Doubt.MISSING: "the cloud's log does not show who has sent it",
    Doubt.GAP: "the cloud's log could not be read, or not in full",
}

Then = Callable[[str | RequestError], None]
"""Called with the name of the user who has asked, or with the error to answer."""


@dataclass(frozen=True, slots=True)
class LogTimes:
    """Seconds that matter where handlers demand names from the cloud's log.

    Attributes:
        interval: between two looks at the log, 0.1 at least.
        delay: within which the log shows a set. Each request of such a handler waits at least so long.
        late: how long a set may have been under way to us after the log could show it. The log has to be watched for so
            long before a name is sure, so for that long after the server's start nobody's is.
        patience: after so long without an answer from the log the request is refused; more than delay and interval.
    """

    interval: float = 1.0
    delay: float = DELAY
    late: float = LATE
    patience: float = 9.0


class Requesters:
    """Finds out who has made the requests of one cloud.

    Args:
        source: fetches a page of the cloud's log. It is tried again and again while it fails.
        times: seconds.
        clock: seconds.
    """

    def __init__(self, source: LogSource, times: LogTimes, *, clock: Clock) -> None:
        self._authors = SetAuthors(
            source, interval=times.interval, delay=times.delay, late=times.late, look_first=False
        )
        self._patience = times.patience
        self._clock = clock
        self._lock = threading.Lock()  # guards the two below
        self._closed = False
        self._asked: dict[Future[Author], float] = {}  # until when each is waited for

    def ask(self, carriers: Sequence[Carrier], then: Then) -> None:
        """Find out who has made a request; `then` is called once, from any thread, soon or after some seconds.

        Args:
            carriers: of the request; if there are none, they are not known.
            then: what to do with the name, or with the error that tells why there is none.
        """
        if not carriers:
            then(_refusal(Doubt.GAP))
            return
        try:
            future = self._authors.ask_all([VariableSet(one.name, one.value, one.received_at) for one in carriers])
        except NotConnected:
            then(stopping())
            return
        with self._lock:
            self._asked[future] = self._clock() + self._patience
        future.add_done_callback(partial(self._settle, then))

    def give_up(self, *, now: float) -> float | None:
        """Refuse what has waited for too long; when to call this again, or None while nothing waits."""
        with self._lock:
            late = [future for future, due in self._asked.items() if due <= now]
        for future in late:
            future.cancel()
        with self._lock:
            return min((due for due in self._asked.values() if due > now), default=None)

    def close(self) -> None:
        """Refuse what waits, since the server is stopping, and end the thread; a look under way is waited for."""
        with self._lock:
            self._closed = True
        self._authors.close()

    def _settle(self, then: Then, future: Future[Author]) -> None:
        with self._lock:
            del self._asked[future]
            closed = self._closed
        if future.cancelled():
            then(stopping() if closed else _refusal(Doubt.GAP))
            return
        author = future.result()
        if author.level is Level.LOGGED and author.user is not None:
            then(author.user)
        else:
            then(_refusal(author.doubt or Doubt.GAP))


def nameless() -> RequestError:
    """The answer to a project that gives no name, where a handler demands one."""
    return RequestError("this is for players with a user name; log in, then ask again", FORBIDDEN)


def no_log() -> RequestError:
    """The answer where a handler demands a name from the log, and this cloud has none."""
    return RequestError("names cannot be checked on this cloud", FORBIDDEN)


def _refusal(doubt: Doubt) -> RequestError:
    return RequestError(f"the server could not find out who asks: {_DOUBTS[doubt]}; ask again", FORBIDDEN)


def stopping() -> RequestError:
    """The answer to what comes, or still waits, while the server ends."""
    return RequestError("the server is stopping", 503)
