"""Time as something that is handed in, so that tests can run hours of it in a moment."""

from __future__ import annotations

import time
from collections.abc import Callable

from cloudlink.errors import InvalidArgument

Clock = Callable[[], float]
"""A function that returns seconds which never run backwards; only differences mean anything."""

system_clock: Clock = time.monotonic


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
