"""Frames: the value of a cloud variable, from its type digit to its checksum.

    server to clients (downlink)
        1  control      1 sequence(2) epoch(4) memory(4) notices...      checksum, seed 0
        2  records      2 sequence(2) records...                         checksum, seed epoch
        3  one part     3 sequence(2) part(3) [total] digits             checksum, seed epoch + address * 100 + message
        4  one last     4 sequence(2) part(3) digits                     checksum, the same
    client to server (uplink)
        5  hello        5 version(1) nonce(8)                            checksum, seed 0
        6  records      6 address(3) sequence(2) records...              checksum, seed nonce + epoch

    notices in a control frame
        1  welcome      1 nonce(8) address(3)
        2  reset        2 address(3) checksum(6)
        3  refusal      3 nonce(8) reason(1)

Types 3 and 4 carry what a long answer mostly consists of, a record of code 90 or 91 that has a frame to itself. Code,
address and message are left out: who waits for that message tries its seed, and nobody else's passes.

Types 7 and 8 are reserved for encrypted sessions, 9 for broadcast coding. The first digit is never 0, since a
cloud may drop leading zeros. A reader first looks at the type, then asks `verify` with the seed it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudlink.errors import DecodeError
from cloudlink.limits import TURBOWARP
from cloudlink.link import checksum, records
from cloudlink.link.records import ADDRESSES, MESSAGES, Part, Record

VERSION = 1
"""The wire's version, told in the hello; a server that speaks another one refuses it."""

CONTROL, SHARED, ONE_PART, ONE_LAST, HELLO, CLIENT = "1", "2", "3", "4", "5", "6"

SEQUENCE = 2
SEQUENCES: int = 10**SEQUENCE
EPOCH = 4
EPOCHS: int = 10**EPOCH
MEMORY = 4
MEMORY_UNITS = 10
"""The memory field counts tenths of a second."""
MOST_MEMORY: int = (10**MEMORY - 1) // MEMORY_UNITS
"""Seconds."""
NONCE = 8
REASON = 1

LONGEST = TURBOWARP.value_length
"""Digits: no platform's variables hold more."""

_TYPE = 1
_CONTROL_HEAD = _TYPE + SEQUENCE + EPOCH + MEMORY
_DOWNLINK_HEAD = _TYPE + SEQUENCE
_CLIENT_HEAD = _TYPE + records.ADDRESS + SEQUENCE

SPARED: int = records.CODE + records.ADDRESS + records.MESSAGE
"""Digits that a part saves when it has a downlink frame to itself."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """The client that said hello with this nonce has this address from now on."""

    nonce: int
    address: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The server knows no session for the frame that ended in `checksum` and named `address`."""

    address: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server has no place for the client that said hello with this nonce."""

    nonce: int
    reason: int


FULL = 1
OTHER_VERSION = 2

Notice = Welcome | Reset | Refusal


@dataclass(frozen=True, slots=True)
class Control:
    """A downlink frame that every client can read, also one without a session.

    Attributes:
        sequence: 0-99, one up with every downlink frame.
        epoch: drawn at the server's start; another number means another life of the server.
        memory: tenths of a second. What a client first sent within so short a time was not run by a server that has
            now forgotten it; older requests may have been.
        notices: what clients should know.
    """

    sequence: int
    epoch: int
    memory: int
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Downlink:
    """A downlink frame with records for any clients."""

    sequence: int
    records: tuple[tuple[int, Record], ...]


@dataclass(frozen=True, slots=True)
class Hello:
    """A client asks for an address."""

    version: int
    nonce: int


@dataclass(frozen=True, slots=True)
class Uplink:
    """A frame of one client."""

    address: int
    sequence: int
    records: tuple[Record, ...]


def downlink_room(capacity: int) -> int:
    """The digits for records in a downlink frame of `capacity` digits."""
    return capacity - _DOWNLINK_HEAD - checksum.DIGITS


def uplink_room(capacity: int) -> int:
    """The digits for records in an uplink frame of `capacity` digits."""
    return capacity - _CLIENT_HEAD - checksum.DIGITS


def notices_room(capacity: int) -> int:
    """How many notices of the longest kind fit in a control frame of `capacity` digits."""
    return (capacity - _CONTROL_HEAD - checksum.DIGITS) // (1 + NONCE + records.ADDRESS)


def pack_control(frame: Control) -> str:
    """The value of a control frame."""
    notices = "".join(map(_pack_notice, frame.notices))
    return _close(f"{CONTROL}{frame.sequence:02d}{frame.epoch:04d}{frame.memory:04d}{notices}", seed=0)


def pack_downlink(frame: Downlink, *, epoch: int) -> str:
    """The value of a frame with records; a single part of a long message takes the types 3 and 4."""
    if len(frame.records) == 1:
        address, record = frame.records[0]
        body = records.pack(record, address=address, final=True)
        if isinstance(record, Part) and body.startswith(("90", "91")):
            kind = ONE_LAST if record.last else ONE_PART
            seed = solo_seed(epoch=epoch, address=address, message=record.message)
            return _close(f"{kind}{frame.sequence:02d}{body[SPARED:]}", seed=seed)
    return _close(f"{SHARED}{frame.sequence:02d}{_pack_addressed(frame.records)}", seed=epoch)


def solo_seed(*, epoch: int, address: int, message: int) -> int:
    """The seed of a frame of type 3 or 4, which says whose it is."""
    return epoch + address * MESSAGES + message


def pack_hello(frame: Hello) -> str:
    """The value of a hello."""
    return _close(f"{HELLO}{frame.version}{frame.nonce:08d}", seed=0)


def uplink_seed(*, nonce: int, epoch: int) -> int:
    """The seed of a session's frames: a frame of another client or another life of the server fails the check."""
    return nonce + epoch


def pack_uplink(frame: Uplink, *, seed: int) -> str:
    """The value of a client's frame."""
    last = len(frame.records) - 1
    body = "".join(
        records.pack(record, address=None, final=index == last) for index, record in enumerate(frame.records)
    )
    return _close(f"{CLIENT}{frame.address:03d}{frame.sequence:02d}{body}", seed=seed)


def kind(value: str) -> str:
    """The type digit of a value.

    Frames of any platform are read, also where our own have to be shorter: `LONGEST` is the only bound.

    Raises:
        DecodeError: the value cannot be a frame: not digits, too long, too short, or it begins with 0.
    """
    if len(value) > LONGEST:
        raise DecodeError(f"{len(value)} characters, but frames have at most {LONGEST}")
    if not (value.isascii() and value.isdigit()):
        raise DecodeError("frames consist of the digits 0-9 only")
    if len(value) < _TYPE + checksum.DIGITS:
        raise DecodeError(f"{len(value)} digits are too few for a frame")
    if value[0] == "0":
        raise DecodeError("frames do not begin with 0")
    return value[0]


def checksum_of(value: str) -> str:
    """The checksum that a frame carries."""
    return value[-checksum.DIGITS :]


def verify(value: str, *, seed: int) -> bool:
    """Whether a frame's checksum is right for this seed."""
    return checksum.checksum(value[: -checksum.DIGITS], seed=seed) == checksum_of(value)


def verify_downlink(value: str, *, epoch: int) -> bool:
    """Whether a value of type `SHARED`, `ONE_PART` or `ONE_LAST` is from the server with this epoch.

    The types 3 and 4 for others cannot be told from rubbish for sure, as the reader does not know their seed:
    one value in ten passes. That it passes for a certain address and message by chance is one in a million.
    """
    if value[0] == SHARED:
        return verify(value, seed=epoch)
    return _solo(value, epoch) < ADDRESSES * MESSAGES


def _solo(value: str, epoch: int) -> int:
    """The address and message in the seed of a frame of type 3 or 4."""
    seed = checksum.seed_of(value[: -checksum.DIGITS], checksum_of(value))
    return (seed - epoch) % checksum.PRIME


def unpack_control(value: str) -> Control:
    """A verified value of type `CONTROL`.

    Raises:
        DecodeError: its fields are not those of a control frame.
    """
    head, body = _split(value, _CONTROL_HEAD)
    sequence, epoch, memory = int(head[1:3]), int(head[3:7]), int(head[7:])
    return Control(sequence, epoch, memory, tuple(_unpack_notices(body)))


def unpack_downlink(value: str, *, epoch: int) -> Downlink:
    """A verified value of type `SHARED`, `ONE_PART` or `ONE_LAST`.

    Raises:
        DecodeError: its records are not well formed.
    """
    head, body = _split(value, _DOWNLINK_HEAD)
    if head[0] != SHARED:
        code = {ONE_PART: "90", ONE_LAST: "91"}[head[0]]
        body = f"{code}{_solo(value, epoch):05d}{body}"
    return Downlink(int(head[1:]), tuple(records.unpack(body, addressed=True)))


def unpack_hello(value: str) -> Hello:
    """A verified value of type `HELLO`.

    Raises:
        DecodeError: it has another length than a hello.
    """
    head, rest = _split(value, _TYPE + 1)
    if len(rest) != NONCE:
        raise DecodeError(f"a hello has a nonce of {NONCE} digits, not {len(rest)}")
    return Hello(int(head[1]), int(rest))


def client_address(value: str) -> int:
    """The address that a value of type `CLIENT` names; read it to find the seed to verify with.

    Raises:
        DecodeError: the value is too short.
    """
    head, _ = _split(value, _CLIENT_HEAD)
    return int(head[1:4])


def unpack_uplink(value: str) -> Uplink:
    """A verified value of type `CLIENT`.

    Raises:
        DecodeError: its records are not well formed.
    """
    head, body = _split(value, _CLIENT_HEAD)
    found = tuple(record for _, record in records.unpack(body, addressed=False))
    return Uplink(int(head[1:4]), int(head[4:6]), found)


def _close(digits: str, *, seed: int) -> str:
    return digits + checksum.checksum(digits, seed=seed)


def _split(value: str, head: int) -> tuple[str, str]:
    if len(value) < head + checksum.DIGITS:
        raise DecodeError(f"{len(value)} digits are too few for a frame of type {value[0]}")
    return value[:head], value[head : -checksum.DIGITS]


def _pack_addressed(addressed: Sequence[tuple[int, Record]]) -> str:
    last = len(addressed) - 1
    return "".join(
        records.pack(record, address=address, final=index == last) for index, (address, record) in enumerate(addressed)
    )


def _pack_notice(notice: Notice) -> str:
    match notice:
        case Welcome(nonce, address):
            return f"1{nonce:08d}{address:03d}"
        case Reset(address, check):
            return f"2{address:03d}{check}"
        case Refusal(nonce, reason):
            return f"3{nonce:08d}{reason}"


def _unpack_notices(body: str) -> list[Notice]:
    found: list[Notice] = []
    while body:
        width = _NOTICE_WIDTHS.get(body[0])
        if width is None:
            raise DecodeError(f"notices of kind {body[0]} are unknown to this version")
        if len(body) < width:
            raise DecodeError(f"the frame ends {width - len(body)} digits too early")
        found.append(_unpack_notice(body[0], body[1:width]))
        body = body[width:]
    return found


_NOTICE_WIDTHS = {"1": 1 + NONCE + records.ADDRESS, "2": 1 + records.ADDRESS + checksum.DIGITS, "3": 1 + NONCE + REASON}


def _unpack_notice(sort: str, fields: str) -> Notice:
    match sort:
        case "1":
            return Welcome(int(fields[:NONCE]), int(fields[NONCE:]))
        case "2":
            return Reset(int(fields[: records.ADDRESS]), fields[records.ADDRESS :])
        case _:
            return Refusal(int(fields[:NONCE]), int(fields[NONCE:]))
