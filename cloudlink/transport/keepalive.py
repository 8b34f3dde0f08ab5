"""Tells a silent connection from a dead one. Pure: time comes in as `now` (seconds, monotonic).

state   meaning                   on a frame    after one interval of silence
alive   heard from lately         alive         send a ping, asked
asked   waiting for its answer    alive         dead
"""

from __future__ import annotations

from enum import Enum


class Pulse(Enum):
    """What to do now."""

    WAIT = "wait"
    PING = "ping"
    DEAD = "dead"


class Keepalive:
    """The pulse of one connection.

    Args:
        interval: seconds of silence before a ping, and seconds the answer may take.
        now: when the connection was opened.
    """

    def __init__(self, interval: float, *, now: float) -> None:
        self._interval = interval
        self._since = now
        self._asked = False

    def heard(self, *, now: float) -> None:
        """A frame came, of whatever kind."""
        self._since = now
        self._asked = False

    def check(self, *, now: float) -> Pulse:
        """What to do; after PING the caller is taken to have sent one."""
        if now < self._since + self._interval:
            return Pulse.WAIT
        if self._asked:
            return Pulse.DEAD
        self._since = now
        self._asked = True
        return Pulse.PING

    def wakeup(self) -> float:
        """When to check again, if nothing is heard until then."""
        return self._since + self._interval
