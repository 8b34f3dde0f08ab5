"""Time as something that is handed in, so that tests can run hours of it in a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from cloudlink.errors import InvalidArgument

Clock = Callable[[], float]
"""A function that returns seconds which never run backwards; only differences mean anything."""

system_clock: Clock = time.monotonic

LONGEST_WAIT: Final = 1.0
"""Seconds that a main thread waits at a time, again and again, where it would wait without end: before Python 3.14 no
signal reaches a wait on Windows, so that Ctrl-C would do nothing (python/cpython issues 80116 and 125541)."""

_SLEPT: Final = 2.0
"""Seconds that the calendar's clock may be ahead of the other one at a time before this counts as a sleep: less is a
correction over the network."""


class RealTime:
    """A clock that goes on while the computer sleeps, which the system's clock does not do everywhere.

    It sees that the calendar's clock has run on further. Somebody who puts the calendar forward looks the same, so
    use it where a sleep too many does no harm; putting it back changes nothing. It is to be read every few seconds,
    and by any thread.

    Args:
        monotonic: seconds that never run backwards.
        calendar: seconds of the calendar.
    """

    def __init__(self, *, monotonic: Clock = time.monotonic, calendar: Clock = time.time) -> None:
        self._monotonic = monotonic
        self._calendar = calendar
        self._slept = 0.0
        self._ahead = calendar() - monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """The current time in seconds; until the first sleep that of the monotonic clock."""
        with self._lock:
            now = self._monotonic()
            ahead = self._calendar() - now
            if ahead - self._ahead > _SLEPT:
                self._slept += ahead - self._ahead
            self._ahead = ahead
            return now + self._slept


class FakeClock:
    """A clock that moves only when told to.

    Example:
        >>> clock = FakeClock()
        >>> clock.advance(2.5)
        >>> clock()
        2.5
    """

    def __init__(self, now: float = 0.0) -> None:
        self._now = now

    def __call__(self) -> float:
        """The current time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the time forward.

        Raises:
            InvalidArgument: seconds is negative; time does not run backwards here.
        """
        if seconds < 0:
            raise InvalidArgument(f"a clock cannot be advanced by {seconds} seconds; give 0 or more")
        self._now += seconds
