"""What happens to values on their way from one member of a cloud to another. Pure: numbers and their check."""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Weather:
    """How values fare on their way to a receiver; each receiver has luck of its own.

    Attributes:
        delay: seconds, at least and at most; drawn anew for each receiver.
        loss: the share of values, from 0 to 1, that never arrive. The stored values that a member gets on joining
            are never lost.
        doubling: the share of values that arrive twice.
        disorder: whether a value may overtake an earlier one; else each receiver gets them in order.
        relay_interval: seconds. Above 0, receivers see a variable only at multiples of it, and only its last
            value, as a player sees it in each of its frames and as TurboWarp's public server relays it.
    """

    delay: tuple[float, float] = (0.0, 0.0)
    loss: float = 0.0
    doubling: float = 0.0
    disorder: bool = False
    relay_interval: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.delay[0] <= self.delay[1] < float("inf"):
            raise InvalidArgument(f"the delay is two numbers of seconds, the smaller one first, not {self.delay}")
        for share in (self.loss, self.doubling):
            check_share(share)
        if not 0 <= self.relay_interval < float("inf"):
            raise InvalidArgument(f"the relay interval is 0 seconds or more, not {self.relay_interval}")


def check_share(share: float) -> None:
    """See that a share is one.

    Raises:
        InvalidArgument: it is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise InvalidArgument(f"a share is a number from 0 to 1, not {share}")
