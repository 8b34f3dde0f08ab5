"""What a bad network and a bad server do to the members of a room. Pure: the dice are seeded."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from cloudlink.transport.weather import Weather, check_share


@dataclass(frozen=True, slots=True)
class Faults(Weather):
    """How bad the network is: the weather, and what happens to connections.

    A server relays what one member sets to all the others, so these faults hit both directions of a program and
    a player alike. Delay and disorder befall messages: what is sent on together stays together.

    Attributes:
        disconnect: chance, 0 to 1, that a set is the last its sender's connection carries: it is still relayed,
            then the line is cut, without a goodbye.
        outage: nobody is let in, and who is there is cut off, until it is over; values stay.
        seed: makes the dice repeatable; None throws new ones.
    """

    disconnect: float = 0.0
    outage: bool = False
    seed: int | None = None

    def __post_init__(self) -> None:
        Weather.__post_init__(self)
        check_share(self.disconnect)


@dataclass(slots=True)
class Dice:
    """The throws for some faults."""

    faults: Faults
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.faults.seed)

    def copies(self) -> int:
        """How often this update reaches this receiver: 0, 1 or 2 times."""
        if self._random.random() < self.faults.loss:
            return 0
        return 1 + (self._random.random() < self.faults.doubling)

    def disconnects(self) -> bool:
        """Whether this set is the last of its sender's connection."""
        return self._random.random() < self.faults.disconnect

    def delay(self) -> float:
        """Seconds that this message waits."""
        return self._random.uniform(*self.faults.delay)
