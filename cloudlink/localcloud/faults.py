"""What a bad network does to the updates that a server sends on. Pure: the dice are seeded."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from cloudlink.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad the network is.

    A server relays what one member sets to all the others, so these faults hit both directions of a program and
    a player alike.

    Attributes:
        loss: chance, 0 to 1, that a set does not reach a receiver; each receiver has its own luck. The stored
            values that a member gets on joining are never lost.
        delay: least and most seconds that a message waits on its way to a receiver. Messages to one receiver
            do not overtake each other.
        disconnect: chance, 0 to 1, that a set is the last its sender's connection carries: it is still relayed,
            then the line is cut, without a goodbye.
        seed: makes the dice repeatable; None throws new ones.
    """

    loss: float = 0.0
    delay: tuple[float, float] = (0.0, 0.0)
    disconnect: float = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, chance in (("loss", self.loss), ("disconnect", self.disconnect)):
            if not 0.0 <= chance <= 1.0:
                raise InvalidArgument(f"{name} is a chance from 0 to 1, not {chance}")
        least, most = self.delay
        if not 0.0 <= least <= most:
            raise InvalidArgument(f"delay is (least, most) seconds, not {self.delay}")


@dataclass(slots=True)
class Dice:
    """The throws for some faults."""

    faults: Faults
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.faults.seed)

    def loses(self) -> bool:
        """Whether this set does not reach this receiver."""
        return self._random.random() < self.faults.loss

    def disconnects(self) -> bool:
        """Whether this set is the last of its sender's connection."""
        return self._random.random() < self.faults.disconnect

    def delay(self) -> float:
        """Seconds that this message waits."""
        return self._random.uniform(*self.faults.delay)
