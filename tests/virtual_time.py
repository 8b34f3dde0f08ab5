"""Virtual time: the clock jumps to whatever happens next, as fast as it can be computed."""

from __future__ import annotations

import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable


class VirtualTime:
    """A clock and an agenda.

    Attributes:
        now: seconds.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do something at a time; what is due at the same time is done in the order it was planned."""
        heapq.heappush(self._due, (time, next(self._order), action))

    def run_until(self, time: float) -> None:
        """Let time pass."""
        while self._due and self._due[0][0] <= time:
            due, _, action = heapq.heappop(self._due)
            self.now = max(self.now, due)
            action()
        self.now = time

    def next_due(self) -> float | None:
        """When the next thing on the agenda is to be done."""
        return self._due[0][0] if self._due else None


class VirtualWorld(VirtualTime, ABC):
    """Virtual time for parts that say when they want to be looked at again."""

    def run(self, *, seconds: float, until: Callable[[], bool] | None = None) -> None:
        """Let time pass, until the condition holds or so many seconds are over."""
        end = self.now + seconds
        while True:
            self._settle()
            if until is not None and until():
                return
            later = min((time for time in (self.next_due(), *self._wakeups()) if time is not None), default=end)
            if later >= end:
                self.now = end
                self._settle()
                return
            self.now = max(self.now, later)

    def _settle(self) -> None:
        self.run_until(self.now)
        self._turn()

    @abstractmethod
    def _wakeups(self) -> list[float | None]:
        """When each part wants its next turn; None: not until something happens."""

    @abstractmethod
    def _turn(self) -> None:
        """Let the parts do all that is due now."""
