"""What both ends of a link must agree on, and the times it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.errors import InvalidArgument
from cloudlink.limits import SCRATCH, Limits
from cloudlink.link import frame, records

LEAST_CAPACITY = 110
"""Digits. A short message fits whole into a frame, and the headers of a part with a piece worth cutting."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The variables that carry a link.

    Attributes:
        limits: of the platform: how long a frame may be and how far apart two writes are.
        downlink: names, without prefix, of the variables that the server sets, used in turn. A player sees only
            the last value of a variable in each of its frames, so after a stall several variables keep more.
        uplink: names of the variables that clients set, drawn at random for each frame.
    """

    limits: Limits = SCRATCH
    downlink: tuple[str, ...] = ("FROM_1", "FROM_2", "FROM_3")
    uplink: tuple[str, ...] = ("TO_1", "TO_2", "TO_3")

    def __post_init__(self) -> None:
        names = self.downlink + self.uplink
        if not self.downlink or not self.uplink:
            raise InvalidArgument("a link needs at least one downlink and one uplink variable")
        if len(set(names)) < len(names):
            raise InvalidArgument(f"each variable has one use; {', '.join(names)} names one twice")
        if len(names) > self.limits.variables:
            raise InvalidArgument(f"{len(names)} variables, but a project holds {self.limits.variables}; use fewer")

        if self.capacity < LEAST_CAPACITY:
            raise InvalidArgument(f"frames of {self.capacity} digits are too small; at least {LEAST_CAPACITY}")

    @property
    def downlink_interval(self) -> float:
        """Seconds between two frames of the server: its variables take turns, and each keeps its own distance."""
        return max(self.limits.set_interval, self.limits.variable_interval / len(self.downlink))

    @property
    def uplink_interval(self) -> float:
        """Seconds between two frames of a client."""
        return max(self.limits.set_interval, self.limits.variable_interval / len(self.uplink))

    @property
    def capacity(self) -> int:
        """Digits in a frame, at most."""
        return self.limits.value_length


@dataclass(frozen=True, slots=True)
class ServerTimes:
    """Seconds that the server's end keeps to.

    Attributes:
        lease: a client that was not heard for so long is forgotten.
        first_lease: the same for one that said hello and never asked for anything, as a stale or a false hello.
        under_way: a part that was sent less than this ago is not sent again: it may still arrive. A round trip is
            0.2 to 0.7 s by the delay model of the research; the shortest ones decide where it is not known.
        most_under_way: the same, at most, for a client whose round trip is known.
        rival_quiet: a rival is told of at most once in so long.
    """

    lease: float = 300.0
    first_lease: float = 60.0
    under_way: float = 0.2
    most_under_way: float = 0.7
    rival_quiet: float = 60.0

    def __post_init__(self) -> None:
        if not 1 <= self.first_lease <= self.lease <= frame.MOST_MEMORY:
            raise InvalidArgument(f"leases are 1 to {frame.MOST_MEMORY} seconds, and the first is not the longer one")


@dataclass(frozen=True, slots=True)
class ClientTimes:
    """Seconds that the client's end keeps to.

    Attributes:
        first_retry: wait for an answer before the first repeat, while no round trip was measured.
        least_retry: the shortest wait, however fast the round trips are.
        most_retry: the longest one.
        growth: each repeat in vain waits this many times longer than the one before (a factor).
        jitter: each wait is lengthened by up to this share of itself, at random, so that clients which lost the
            same frame do not repeat in step (a fraction).
        hello_growth, hello_jitter: the same for a hello. After a server's restart all clients say it at once, and on a
            cloud that passes on the last value only they must spread before they are heard; slower growth costs
            nothing there, as one of them is heard each time.
        hello_retry: `first_retry` of a hello on such a cloud. Of several at once most are overwritten there, and a
            round trip need not be waited for to find that out.
        working: wait before asking again about a request that is known to run.
        sign_of_life: a client that follows a topic is heard at least so often, lest its lease ends.
    """

    first_retry: float = 0.8
    least_retry: float = 0.25
    most_retry: float = 3.0
    growth: float = 1.3
    jitter: float = 0.2
    hello_growth: float = 1.1
    hello_jitter: float = 1.0
    hello_retry: float = 0.4
    working: float = 2.0
    sign_of_life: float = 60.0


@dataclass(frozen=True, slots=True)
class ServerBounds:
    """What the server's end holds in memory, at most.

    Attributes:
        clients: addresses given out at once.
        request_digits: digits of one request.
        requests_digits: digits of all requests that have not arrived in full, with the values that have carried them
            where these are kept.
        answers_digits: digits of all answers kept for clients that may ask for parts of them again.
        notices: welcomes, resets and refusals that wait to be sent.
        topic_digits: digits of all messages of a topic that can be asked for again.
    """

    clients: int = records.ADDRESSES
    request_digits: int = 250_000
    requests_digits: int = 10_000_000
    answers_digits: int = 20_000_000
    notices: int = 200
    topic_digits: int = 250_000
