"""Tells a silent connection from a dead one. Pure: time comes in as `now` (seconds, monotonic).

state   meaning                   on a frame    after a silence
alive   heard from lately         alive         of `interval` seconds: send a ping, asked
asked   waiting for its answer    alive         of `answer` seconds: dead

Time should go on while the computer sleeps: a sleep of an hour is a silence of an hour, and the connection may well
have died in it.
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
        interval: seconds of silence before a ping.
        answer: seconds the answer may take.
        now: when the connection was opened.
    """

    def __init__(self, interval: float, *, answer: float, now: float) -> None:
        self._interval = interval
        self._answer = answer
        self._since = now
        self._asked = False

    def heard(self, *, now: float) -> None:
        """A frame came, of whatever kind."""
        self._since = now
        self._asked = False

    def check(self, *, now: float) -> Pulse:
        """What to do; after PING the caller is taken to have sent one."""
        if now < self.wakeup():
            return Pulse.WAIT
        if self._asked:
            return Pulse.DEAD
        self._since = now
        self._asked = True
        return Pulse.PING

    def wakeup(self) -> float:
        """When to check again, if nothing is heard until then."""
        return self._since + (self._answer if self._asked else self._interval)
