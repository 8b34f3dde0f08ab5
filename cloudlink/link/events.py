"""What a link tells the layer above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Write:
    """A variable that is to be set now.

    Attributes:
        name: the cloud variable, without the cloud prefix.
        value: 1 to `capacity` digits, the first one not 0.
    """

    name: str
    value: str


# What the server's link tells. `client` is a number that is never used again within the life of a link.


@dataclass(frozen=True, slots=True)
class ClientJoined:
    """A client said hello for the first time."""

    client: int


@dataclass(frozen=True, slots=True)
class ClientLeft:
    """A client was not heard for a whole lease; its unfinished requests will not be answered."""

    client: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """A set of a variable that has carried a part of a request.

    Attributes:
        name: the cloud variable, without the cloud prefix.
        value: what it was set to.
        received_at: when it came, in seconds, as the link was told.
    """

    name: str
    value: str
    received_at: float


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A whole request; each one is told of once, however often it arrives.

    Attributes:
        client: who asks.
        message: the number of the request.
        digits: what is asked.
        carriers: the sets that have carried its parts, in the order they came; of a part that came several times, the
            first. Empty if the link was not told when each of them came.
    """

    client: int
    message: int
    digits: str
    carriers: tuple[Carrier, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestTooLong:
    """A request grew beyond what the server takes; its parts were dropped. Answer it with an error."""

    client: int
    message: int


@dataclass(frozen=True, slots=True)
class AnswerForgotten:
    """A client wants an answer, or parts of one, that is no longer kept, or never was. Answer it with an error."""

    client: int
    message: int


@dataclass(frozen=True, slots=True)
class RequestCancelled:
    """A client no longer waits for the answer to a request."""

    client: int
    message: int


@dataclass(frozen=True, slots=True)
class RivalSeen:
    """Somebody else sets the server's variables: a second server of the project, or a forger."""

    name: str
    value: str


ServerEvent = (
    ClientJoined | ClientLeft | RequestReceived | RequestTooLong | AnswerForgotten | RequestCancelled | RivalSeen
)


# What the client's link tells. `ticket` is what `ClientLink.send` returned.


@dataclass(frozen=True, slots=True)
class Connected:
    """The server has given us an address."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The server has forgotten us or was started anew; the link says hello again by itself."""


@dataclass(frozen=True, slots=True)
class AnswerProgress:
    """A part of an answer arrived.

    Attributes:
        ticket: of the request.
        received: digits that are here.
        total: digits of the whole answer; 0 while that is not known.
        fresh: the digits that continue those of the events before without a gap.
    """

    ticket: int
    received: int
    total: int
    fresh: str = ""


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """A whole answer; each one is told of once."""

    ticket: int
    digits: str


@dataclass(frozen=True, slots=True)
class RequestLost:
    """The server was started anew while the request was under way: nobody can tell whether it was run."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The server has no place for us (1) or speaks another version of the wire (2); the link tries again."""

    reason: int


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """A whole message of a topic, each one once and in order."""

    topic: int
    digits: str


@dataclass(frozen=True, slots=True)
class TopicGap:
    """So many messages of a topic were missed and are no longer to be had."""

    topic: int
    lost: int


ClientEvent = (
    Connected | Disconnected | AnswerProgress | AnswerReceived | RequestLost | Refused | TopicMessage | TopicGap
)
