"""A cloud within the process, under a time that is handed in: delay, loss, doubles, disorder and overwriting.

It is what tests run two real links over: thousands of histories a second, each of them repeatable from its seed.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from random import Random

from cloudlink.transport.weather import Weather


@dataclass(frozen=True, slots=True)
class Delivery:
    """A value that arrives at a member."""

    member: int
    name: str
    value: str


class MemoryCloud:
    """The variables of one project, and what is under way to its members.

    Args:
        random: decides on every delay and loss.
        weather: what happens to values; may be set anew at any time.
    """

    def __init__(self, *, random: Random, weather: Weather | None = None) -> None:
        self.weather = weather or Weather()
        self._random = random
        self._members: dict[int, float] = {}  # when the last value under way to each arrives
        self._variables: dict[str, str] = {}
        self._under_way: list[tuple[float, int, Delivery]] = []
        self._order = 0
        self._next_member = 1

    def join(self, *, now: float) -> int:
        """Enter the cloud; the number of the new member, to whom all stored values are sent without loss."""
        member = self._next_member
        self._next_member += 1
        self._members[member] = -math.inf
        for name, value in self._variables.items():
            self._send(Delivery(member, name, value), now)
        return member

    def leave(self, member: int) -> None:
        """Leave the cloud; what is under way to the member is lost."""
        del self._members[member]

    def write(self, member: int, name: str, value: str, *, now: float) -> None:
        """Set a variable; everybody but its writer may see it."""
        self._variables[name] = value
        for receiver in self._members:
            if receiver == member or self._random.random() < self.weather.loss:
                continue
            copies = 1 + (self._random.random() < self.weather.doubling)
            for _ in range(copies):
                self._send(Delivery(receiver, name, value), now)

    def deliveries(self, *, now: float) -> list[Delivery]:
        """What has arrived until now, in order."""
        arrived: list[tuple[float, Delivery]] = []
        while self._under_way and self._under_way[0][0] <= now:
            at, _, delivery = heapq.heappop(self._under_way)
            if delivery.member in self._members:
                arrived.append((at, delivery))
        if not self.weather.relay_interval:
            return [delivery for _, delivery in arrived]
        last = {(at, delivery.member, delivery.name): delivery for at, delivery in arrived}
        return list(last.values())

    def wakeup(self) -> float | None:
        """When the next value arrives, in seconds; None if none is under way."""
        return self._under_way[0][0] if self._under_way else None

    def _send(self, delivery: Delivery, now: float) -> None:
        weather = self.weather
        at = now + self._random.uniform(*weather.delay)
        if weather.relay_interval:
            at = math.ceil(at / weather.relay_interval) * weather.relay_interval
        if not weather.disorder:
            at = max(at, self._members[delivery.member])
            self._members[delivery.member] = at
        self._order += 1
        heapq.heappush(self._under_way, (at, self._order, delivery))
