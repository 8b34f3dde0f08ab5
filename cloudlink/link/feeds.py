"""Feeds: topics, the client's side. Each message once, in order, and those that were missed asked for."""

from __future__ import annotations

import itertools
import math
from random import Random

from cloudlink.link.parts import Incoming
from cloudlink.link.records import MESSAGES, ROUND, TOPIC_MESSAGES, Newest, Part, TopicNeed
from cloudlink.link.settings import ClientTimes
from cloudlink.link.window import ahead

_MOST_ASKED = 3
"""Messages of a topic that are asked for in one frame."""

_SPREAD = 0.3
"""Seconds over which the clients that miss the same message spread their questions."""


class Feed:
    """What a client has of one topic.

    Args:
        topic: its address.
        number: of the first message that the client has not got.
        held: how many messages the server holds; older ones are not waited for.
        random: draws the jitter.
        times: retry delays.
        now: seconds.

    Attributes:
        due: seconds; when `asks` has something to say, if nothing arrives before.
    """

    def __init__(self, topic: int, number: int, *, held: int, random: Random, times: ClientTimes, now: float) -> None:
        self._topic = topic
        self._next = number  # counted on without wrapping around
        self._held = held
        self._random = random
        self._times = times
        self._incoming: dict[int, Incoming] = {}
        self._newest = number - 1
        self._ready: list[str] = []
        self._numbers: dict[int, int] = {}  # with the rounds, by the number in the records
        self._told: set[tuple[int, int]] = set()  # messages and parts that were found missing
        self._tries = 0
        self._lost = 0
        self.due = math.inf
        self._rest(now)

    def receive(self, record: Part | Newest, *, now: float) -> list[str]:
        """Take in a record of the topic; the messages that are complete by it, in order."""
        if isinstance(record, Newest):
            number = self._next + ahead(record.count, self._next, modulo=TOPIC_MESSAGES)
            self._newest = max(self._newest, number)
            self._skip(number, record.held)
        else:
            self._receive_part(record)
        complete = self._complete()
        self._plan(now)
        return complete

    def _receive_part(self, part: Part) -> None:
        number = self._number_of(part)
        if number is None or number < self._next:
            return
        self._newest = max(self._newest, number)
        self._skip(number, self._held)
        self._incoming.setdefault(number, Incoming()).add(part)

    def _number_of(self, part: Part) -> int | None:
        """The number of a part's message with the rounds, which part 0 tells; the others are taken for the nearest."""
        if part.part:
            return self._numbers.get(part.message, self._next + ahead(part.message, self._next))
        told = part.digits[:ROUND]
        if len(told) < ROUND:
            return None
        number = self._next + ahead(int(told) * MESSAGES + part.message, self._next, modulo=TOPIC_MESSAGES)
        if self._numbers.get(part.message) != number:  # what came before this was perhaps of another round
            self._numbers[part.message] = number
            self._incoming.pop(number, None)
        return number

    def lost(self) -> int:
        """How many messages the server no longer had when they were asked for, since this was called last."""
        lost, self._lost = self._lost, 0
        return lost

    def asks(self, *, now: float) -> list[TopicNeed]:
        """What to ask for, once `due` has come; or whether there is anything new."""
        self._wait(now, self._times.first_retry * self._times.growth**self._tries)
        self._tries += 1
        return [self._need(number) for number in self._missing()] or [TopicNeed(self._topic, self._next % MESSAGES)]

    def _need(self, number: int) -> TopicNeed:
        incoming = self._incoming.get(number, Incoming())
        return TopicNeed(self._topic, number % MESSAGES, incoming.next, incoming.missing)

    def _missing(self) -> list[int]:
        """Numbers of messages that are not here, or not whole, the oldest ones."""
        numbers = (number for number in range(self._next, self._newest + 1) if not self._is_whole(number))
        return list(itertools.islice(numbers, _MOST_ASKED))

    def _is_whole(self, number: int) -> bool:
        return number in self._incoming and self._incoming[number].complete

    def _skip(self, newest: int, held: int) -> None:
        """Do not wait for what the server no longer has."""
        for number in range(self._next, newest - held + 1):
            if self._is_whole(number):
                self._take_next()
            else:
                self._incoming.pop(number, None)
                self._lost += 1
                self._next = number + 1

    def _take_next(self) -> None:
        self._ready.append(self._incoming.pop(self._next).join()[ROUND:])
        self._next += 1

    def _complete(self) -> list[str]:
        while self._is_whole(self._next):
            self._take_next()
        self._told = {(number, part) for number, part in self._told if number >= self._next}
        ready, self._ready = self._ready, []
        return ready

    def _plan(self, now: float) -> None:
        """When to ask: soon when something is found missing, later while parts still come, rarely when all is here."""
        self._tries = 0
        missing = self._missing()
        if not missing:
            self._rest(now)
            return
        gaps = {(number, part) for number in missing for part in self._gaps(number)} - self._told
        self._told |= gaps
        if gaps:
            self.due = now + _SPREAD * self._random.random()
        else:
            self._wait(now, self._times.first_retry)

    def _gaps(self, number: int) -> tuple[int, ...]:
        """Parts of a message that have been overtaken by later ones."""
        incoming = self._incoming.get(number, Incoming())
        return incoming.missing if number == self._newest else (*incoming.missing, incoming.next)

    def _rest(self, now: float) -> None:
        self._wait(now, self._times.sign_of_life)

    def _wait(self, now: float, seconds: float) -> None:
        seconds = min(seconds, self._times.sign_of_life)
        self.due = now + seconds * (1 + self._times.jitter * self._random.random())
