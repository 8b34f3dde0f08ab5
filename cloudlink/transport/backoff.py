"""How long to wait before the next attempt to connect. Pure: randomness is handed in."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cloudlink.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double, with jitter, so that the clients of a restarted server do not all come at once.

    Attributes:
        first: longest wait before the first new attempt, seconds.
        longest: longest wait of all, seconds. Scratch's editor stops doubling at 31.
        stable: a connection that held for this many seconds counts as a success. A server that accepts us
            and hangs up at once (a full room does) would otherwise be called at the pace of `first` forever.
    """

    first: float = 0.25
    longest: float = 30.0
    stable: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.longest:
            raise InvalidArgument(
                f"the first wait is to be above 0 and not above the longest, not {self.first} and {self.longest} s"
            )

    def delay(self, attempt: int, random_source: random.Random) -> float:
        """Seconds to wait before an attempt; 0 is the first one after a loss."""
        # Beyond 2^32 the exponent changes nothing; it would overflow after a thousand attempts.
        ceiling = min(self.first * 2.0 ** min(attempt, 32), self.longest)
        return ceiling * random_source.uniform(0.5, 1.0)
