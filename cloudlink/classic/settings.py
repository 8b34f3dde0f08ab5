"""The variables of a classic project, and the times and bounds its server keeps."""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.classic.packet import LONGEST_ID, TRAILER
from cloudlink.errors import InvalidArgument
from cloudlink.limits import SCRATCH, Limits

UPLINK = "TO_HOST"
DOWNLINK = tuple(f"FROM_HOST_{number}" for number in range(1, 10))

PLAYER_PATIENCE = 12.0
"""Seconds that the sprite waits for an answer. Its setting says 10, but it counts more slowly than the clock."""


@dataclass(frozen=True, slots=True)
class ClassicChannel:
    """The variables that carry classic requests.

    Attributes:
        limits: of the platform.
        downlink: names, without prefix, of the variables that the server sets by turns. The sprite watches
            FROM_HOST_1 to FROM_HOST_9; leave out those that the project does not have, it would miss them.
        uplink: the name of the one that all players set.
    """

    limits: Limits = SCRATCH
    downlink: tuple[str, ...] = DOWNLINK
    uplink: str = UPLINK

    def __post_init__(self) -> None:
        names = (*self.downlink, self.uplink)
        if not self.downlink:
            raise InvalidArgument("classic answers need at least one of the variables FROM_HOST_1 to FROM_HOST_9")
        if len(set(names)) < len(names):
            raise InvalidArgument(f"each variable has one use; {', '.join(names)} names one twice")
        if self.limits.value_length <= LONGEST_ID + TRAILER:
            raise InvalidArgument(
                f"variables of {self.limits.value_length} characters are too short for classic answers; "
                f"at least {LONGEST_ID + TRAILER + 1}"
            )


@dataclass(frozen=True, slots=True)
class ClassicTimes:
    """Seconds that the server keeps to.

    Attributes:
        patience: how long a player waits for an answer. Later answers give way to all others, a request that
            comes again within this time is the same one, and one that may be older is not run.
        same_variable: least time between two sets of one variable. Players see the last value in each frame of
            1/30 s, TurboWarp's public server relays the last one in each 0.1 s.
        under_way: a part sent less than this ago is not sent again: it may still arrive.
        copies: the closing part goes out again so long after it went out first, if nothing else waits. Players
            cannot ask for that part, so without a copy its loss costs them their whole patience.
        quiet: copies go out only if no answer was queued for so long. They would hold up a player that asks on as
            soon as it is answered; one that waits for a lost answer asks nothing.
        following: after a player asked for a part, the ones after it follow unasked for so long, if nothing else
            waits: what was lost was mostly lost in a row, and asking for each takes a round trip.
        lossy: after a player asked for a part, answers are better guarded for so long.
        pieces: an unfinished request whose next piece does not come for so long is dropped.
        kept: an answer can be asked for again for so long after it was sent.
    """

    patience: float = PLAYER_PATIENCE
    same_variable: float = 0.1
    under_way: float = 0.3
    copies: tuple[float, ...] = (0.5, 2.0, 5.0)
    quiet: float = 0.2
    following: float = 0.5
    lossy: float = 60.0
    pieces: float = 30.0
    kept: float = 60.0


@dataclass(frozen=True, slots=True)
class ClassicBounds:
    """What the server holds in memory, at most.

    Attributes:
        request_digits: digits of one request.
        requests_digits: digits of all requests that have not arrived in full.
        unfinished: such requests.
        requests: requests that were told upward and are not answered yet; of more, the oldest is forgotten.
        remembered: requests that are known again if they come twice.
        answers: answers that wait to be sent, and as many that were sent and can be asked for again.
        answers_digits: digits of all these answers.
        asked: parts that players asked for and that wait to be sent again.
    """

    request_digits: int = 250_000
    requests_digits: int = 5_000_000
    unfinished: int = 500
    requests: int = 5_000
    remembered: int = 10_000
    answers: int = 1_000
    answers_digits: int = 20_000_000
    asked: int = 200
