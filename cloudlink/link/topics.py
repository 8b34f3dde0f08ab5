"""Topics, the server's side: messages to every client that follows, without a copy for each.

A topic has an address like a client, and its messages have numbers that count up; how often these have gone round
stands in the first two digits of each message. Each is sent once, to all. Who
misses something sees a gap in the numbers and asks for it; so that a lost last message shows as well, the newest number
is told again a few times after each message, at growing distances.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from cloudlink.link.parts import Outgoing
from cloudlink.link.records import MESSAGES, ROUND, TOPIC_MESSAGES, Newest
from cloudlink.link.window import WINDOW

MOST_HELD = WINDOW - 1
"""Messages: with more, a number in use could look like one of the future."""

_BEATS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds after a message at which its number is told again."""

_TOLD_EVERY = 16
"""Messages: where one follows the other and there is no time for beats, a follower that was away sees how far it is
behind before their numbers have gone round."""


class Topic:
    """One topic of a server.

    Args:
        address: as in the records.
        held: messages that can be asked for again, the newest ones; 1 where only the newest matters.
        most_digits: of all messages held; the newest is held whatever its length.

    Attributes:
        address: as given.
        followers: the clients that follow it.
        doubtful: whether its messages are to be sent twice, to be on the safe side.
        due: seconds; when the newest number is to be told again, inf for never.
    """

    def __init__(self, address: int, *, held: int, most_digits: int) -> None:
        self.address = address
        self.followers: set[int] = set()
        self.doubtful = False
        self.due = math.inf
        self._held = held
        self._most_digits = most_digits
        self._next = 0
        self._messages: OrderedDict[int, Outgoing] = OrderedDict()
        self._published_at = 0.0
        self._beat = 0

    @property
    def next(self) -> int:
        """The number, with the rounds, of the message that will be published next."""
        return self._next

    @property
    def newest(self) -> Newest:
        """What a follower can have."""
        return Newest((self._next - 1) % TOPIC_MESSAGES, len(self._messages))

    def publish(self, digits: str, *, now: float) -> Outgoing:
        """Number a message and hold it; the oldest ones are let go of where there are too many."""
        number = self._next % MESSAGES
        outgoing = self._messages[number] = Outgoing(number, f"{self._next // MESSAGES:0{ROUND}d}{digits}")
        self._next = (self._next + 1) % TOPIC_MESSAGES
        while len(self._messages) > 1 and (len(self._messages) > self._held or self._digits() > self._most_digits):
            self._messages.popitem(last=False)
        self._published_at = now
        self._beat = 0
        self._plan()
        return outgoing

    @property
    def telling(self) -> bool:
        """Whether the newest number should be told along with the message that was published last."""
        return self._next % _TOLD_EVERY == 0

    def message(self, number: int) -> Outgoing | None:
        """A message that is still held."""
        return self._messages.get(number)

    def holds(self, outgoing: Outgoing) -> bool:
        """Whether a message is still held and somebody follows."""
        return bool(self.followers) and self._messages.get(outgoing.message) is outgoing

    def sent(self, now: float) -> None:
        """Note that a part went out: the beats count from the last one."""
        self._published_at = now
        self._plan()

    def tell(self) -> None:
        """Note that the newest number is being told again."""
        self._beat += 1
        self._plan()

    def _plan(self) -> None:
        beats = self.followers and self._beat < len(_BEATS)
        self.due = self._published_at + _BEATS[self._beat] if beats else math.inf

    def _digits(self) -> int:
        return sum(map(len, self._messages.values()))
