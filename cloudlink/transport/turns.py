"""Who of several senders may send next: one token bucket for all of them. Pure: time comes in as `now`.

    join ---> waiting, the earliest deadline first ---> begin (a token is there, nobody sends) ---> end

A deadline is when a sender came plus the patience of its priority. So an urgent one overtakes, and a patient one is
overtaken, but never for longer than the difference of their patiences: nobody starves.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import Enum

from cloudlink.errors import InvalidArgument


class Priority(Enum):
    """How a set queues up with the others of its connection; the value is its patience in seconds."""

    URGENT = 0.0
    NORMAL = 1.0
    BULK = 10.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue."""

    deadline: float
    number: int


class Turns:
    """The queue for a connection's turns to send.

    Args:
        interval: seconds between two messages, for any length of time.
        burst: how many messages may go out at once after a silence. 1 keeps all of them apart, which players
            need who see only the last value of a frame.
        now: seconds.
    """

    def __init__(self, interval: float, *, burst: int = 1, now: float) -> None:
        if burst < 1:
            raise InvalidArgument(f"burst is a number of messages, at least 1, not {burst!r}")
        self._interval = interval
        self._burst = burst
        # The bucket, as a time: when it was, or will be, full. A message moves it on by one interval.
        self._full_at = now
        self._waiting: dict[int, Ticket] = {}
        self._numbers = itertools.count()
        self._busy = False

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, priority: Priority, *, now: float) -> Ticket:
        """Queue up. Ends with `leave`, or with `begin` and `end`."""
        ticket = Ticket(now + priority.value, next(self._numbers))
        self._waiting[ticket.number] = ticket
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give the place up; one that is no longer held is fine."""
        self._waiting.pop(ticket.number, None)

    def wait(self, ticket: Ticket, *, now: float) -> float | None:
        """Seconds until this one may begin, if nobody comes who overtakes it; None while it is not the first."""
        if self._busy or ticket != min(self._waiting.values(), key=lambda t: (t.deadline, t.number)):
            return None
        return max(0.0, self._full_at - (self._burst - 1) * self._interval - now)

    def begin(self, ticket: Ticket) -> None:
        """This one sends now; nobody else may until `end`."""
        del self._waiting[ticket.number]
        self._busy = True

    def end(self, *, now: float) -> None:
        """It has sent, or failed to, which may be half a message and counts too."""
        self._busy = False
        self.spend(now=now)

    def spend(self, *, now: float) -> None:
        """A message went out that did not queue up, such as a handshake."""
        self._full_at = max(self._full_at, now) + self._interval
