"""Records: what a frame is made of, and their digits.

The two digits at a record's start say what it is, and for short messages also how long:

    00-89  a whole message of that many digits             code [address] message digits
    90     a part of a message, up to the frame's end      code [address] message part [total] digits
    91     the last part of one, up to the frame's end     code [address] message part digits
    92     as 90, with a length                            code [address] message part [total] length digits
    93     as 91, with a length                            code [address] message part length digits
    94     a list of parts to send again                   code [address] message next count parts
    95     the request has arrived, its handler runs       code address message             (server only)
    96     the client no longer wants the answer           code message                     (client only)
    97     a topic's newest message, how many are held     code address message held round  (server only)
    98     as 94, of a topic                               code topic message next count parts  (client only)

Field widths: code 2, address 3 (server to client only: a client's frame names its address once), message 2,
part 3, next 3, count 1, held 2, round 2, topic 3. A length is one digit that tells how many digits follow, and those.
`total` is the length of the whole message; part 0 of a message with further parts has it, so that progress can be
shown; it is 0 for an answer that is still being made.
scratch_sprites/FORMAT.md is the reference for both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.errors import DecodeError

CODE = 2
ADDRESS = 3
MESSAGE = 2
PART = 3

ADDRESSES: int = 10**ADDRESS
MESSAGES: int = 10**MESSAGE
PARTS: int = 10**PART
SHORT = 90
"""A whole message with fewer digits than this has its length in the code."""

MOST_MISSING = 9
"""Parts that one `Need` can name: the count is one digit."""

NONE_FURTHER = PARTS - 1
"""As the `next` of a `Need`: only the parts that are named are wanted, further ones are on their way."""

HELD = 2
"""Digits of the number of messages that are held."""
ROUND = 2
"""Digits of how often a topic's message numbers have wrapped around."""
TOPIC_MESSAGES: int = MESSAGES * 10**ROUND

_MORE_TO_END, _LAST_TO_END, _MORE, _LAST, _NEED, _WORKING, _CANCEL, _NEWEST, _TOPIC_NEED = range(90, 99)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message; the whole of it if it is part 0 and the last.

    Attributes:
        message: whose piece.
        part: its place, from 0.
        last: whether no further part follows.
        digits: the piece.
        total: digits of the whole message; part 0 tells it if further parts follow, no other part does. It is 0 for
            a message that is still being made.
    """

    message: int
    part: int
    last: bool
    digits: str
    total: int = 0


@dataclass(frozen=True, slots=True)
class Need:
    """The other side lacks parts of a message.

    Attributes:
        message: whose parts.
        next: nothing from this part on has arrived, and what was sent of it is wanted again, unless it is so new
            that it may be under way.
        missing: parts before `next` that have not arrived, at most `MOST_MISSING` of them.
    """

    message: int
    next: int
    missing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Working:
    """The server has the whole request and no answer yet."""

    message: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """The client does not want the answer any more."""

    message: int


@dataclass(frozen=True, slots=True)
class Newest:
    """What a topic has.

    Attributes:
        count: the number of its newest message with the rounds, 0-9999; its last two digits stand in the records.
        held: how many messages, the newest and those before it, can still be asked for.
    """

    count: int
    held: int

    @property
    def message(self) -> int:
        """The number of the newest message in the records."""
        return self.count % MESSAGES


@dataclass(frozen=True, slots=True)
class TopicNeed:
    """A client lacks parts of a topic's message, or asks whether there is one.

    Attributes:
        topic: the topic's address.
        message: whose parts.
        next: as in `Need`.
        missing: as in `Need`.
    """

    topic: int
    message: int
    next: int = 0
    missing: tuple[int, ...] = ()


Record = Part | Need | Working | Cancel | Newest | TopicNeed


def size(record: Record, *, addressed: bool, final: bool) -> int:
    """How many digits a record takes.

    Args:
        record: the record.
        addressed: it carries an address.
        final: it is the last of its frame, so that the frame's end tells its length.
    """
    head = CODE + ADDRESS * addressed + MESSAGE
    match record:
        case Part(digits=digits):
            if _is_short(record):
                return head + len(digits)
            return head + PART + len(_total(record)) + len(digits) + (0 if final else len(_length(len(digits))))
        case Need(missing=missing):
            return head + PART + 1 + PART * len(missing)
        case TopicNeed(missing=missing):
            return head + ADDRESS + PART + 1 + PART * len(missing)
        case Newest():
            return head + HELD + ROUND
    return head


def pack(record: Record, *, address: int | None, final: bool) -> str:
    """The digits of a record; see `size` for the arguments."""
    where = "" if address is None else f"{address:03d}"
    match record:
        case Part(message, part, last, digits):
            if _is_short(record):
                return f"{len(digits):02d}{where}{message:02d}{digits}"
            head = f"{where}{message:02d}{part:03d}{_total(record)}"
            if final:
                return f"{_LAST_TO_END if last else _MORE_TO_END}{head}{digits}"
            return f"{_LAST if last else _MORE}{head}{_length(len(digits))}{digits}"
        case Need(message, next_part, missing):
            return f"{_NEED}{where}{message:02d}{_wanted(next_part, missing)}"
        case Working(message):
            return f"{_WORKING}{where}{message:02d}"
        case Cancel(message):
            return f"{_CANCEL}{where}{message:02d}"
        case Newest(count, held):
            return f"{_NEWEST}{where}{record.message:02d}{held:02d}{count // MESSAGES:02d}"
        case TopicNeed(topic, message, next_part, missing):
            return f"{_TOPIC_NEED}{where}{topic:03d}{message:02d}{_wanted(next_part, missing)}"


def unpack(digits: str, *, addressed: bool) -> list[tuple[int, Record]]:
    """All records of a frame's body, each with its address (0 where `addressed` is false).

    Raises:
        DecodeError: the body ends within a record, or has a code that this version does not know.
    """
    reader = _Reader(digits)
    found: list[tuple[int, Record]] = []
    while reader.left():
        code = reader.number(CODE)
        address = reader.number(ADDRESS) if addressed else 0
        found.append((address, _read(code, reader)))
    return found


def _wanted(next_part: int, missing: tuple[int, ...]) -> str:
    return f"{next_part:03d}{len(missing)}" + "".join(f"{part:03d}" for part in missing)


def _read_wanted(reader: _Reader) -> tuple[int, tuple[int, ...]]:
    next_part = reader.number(PART)
    return next_part, tuple(reader.number(PART) for _ in range(reader.number(1)))


def _read(code: int, reader: _Reader) -> Record:
    topic = reader.number(ADDRESS) if code == _TOPIC_NEED else 0
    message = reader.number(MESSAGE)
    if code < SHORT:
        return Part(message, 0, True, reader.take(code))
    match code:
        case 90 | 91 | 92 | 93:
            return _read_part(code, message, reader)
        case 94:
            return Need(message, *_read_wanted(reader))
        case 95:
            return Working(message)
        case 96:
            return Cancel(message)
        case 97:
            held = reader.number(HELD)
            return Newest(reader.number(ROUND) * MESSAGES + message, held)
        case 98:
            return TopicNeed(topic, message, *_read_wanted(reader))
    raise DecodeError(f"records with code {code} are unknown to this version")


def _read_part(code: int, message: int, reader: _Reader) -> Part:
    part = reader.number(PART)
    last = code in (_LAST_TO_END, _LAST)
    total = 0 if part or last else reader.length()
    digits = reader.take(reader.left() if code in (_MORE_TO_END, _LAST_TO_END) else reader.length())
    return Part(message, part, last, digits, total)


def _total(part: Part) -> str:
    return "" if part.part or part.last else _length(part.total)


def _is_short(part: Part) -> bool:
    return part.part == 0 and part.last and len(part.digits) < SHORT


def _length(count: int) -> str:
    return f"{len(str(count))}{count}"


class _Reader:
    """Takes fields off the front of some digits."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._at = 0

    def left(self) -> int:
        return len(self._digits) - self._at

    def take(self, width: int) -> str:
        if width > self.left():
            raise DecodeError(f"the frame ends {width - self.left()} digits too early")
        self._at += width
        return self._digits[self._at - width : self._at]

    def number(self, width: int) -> int:
        return int(self.take(width) or "0")

    def length(self) -> int:
        return self.number(self.number(1))
