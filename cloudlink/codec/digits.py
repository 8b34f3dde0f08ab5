"""Bytes as decimal digits: 7 bytes in 17 digits, 99.2 % of what digits can carry.

Seven bytes, most significant first, are one whole number below 2**56, written in 17 digits. The one to six bytes
of a tail take as few digits as they can (3, 5, 8, 10, 13, 15), so the length of the digits alone tells how many
bytes they hold. Scratch can do both ways without leaving the whole numbers that its doubles hold exactly, since
10**8 is 2**8 * 390625 (see scratch_sprites/FORMAT.md).

What makes it fast is that no loop of Python's touches a group: slices with a stride move bytes to where an array of
64-bit numbers has them, one format prints all numbers, and the JSON parser reads them.
"""

from __future__ import annotations

import json
import sys
from array import array

from cloudlink.errors import DecodeError

GROUP_BYTES = 7
GROUP_DIGITS = 17

_DIGITS_OF_TAIL = [len(str(256**size - 1)) if size else 0 for size in range(GROUP_BYTES)]
_BYTES_OF_TAIL = {digits: size for size, digits in enumerate(_DIGITS_OF_TAIL)}

_LANE_BYTES = 8
"""Of a number in the array; the first one is 0 behind the group's limit."""

_MANY = 50
"""Groups from which on reading all at once is faster than one after another."""

_MARK = 10**GROUP_DIGITS
"""Added to each number that the JSON parser reads, as numbers in JSON do not begin with 0."""


def length(size: int) -> int:
    """How many digits so many bytes take."""
    return size // GROUP_BYTES * GROUP_DIGITS + _DIGITS_OF_TAIL[size % GROUP_BYTES]


def encode(data: bytes) -> str:
    """The digits for some bytes: 17 for each 7, and 3 to 15 for the rest."""
    count, tail_size = divmod(len(data), GROUP_BYTES)
    whole = count * GROUP_BYTES
    lanes = bytearray(count * _LANE_BYTES)
    for place in range(GROUP_BYTES):
        lanes[place + 1 :: _LANE_BYTES] = data[place:whole:GROUP_BYTES]
    digits = f"%0{GROUP_DIGITS}d" * count % tuple(_most_significant_first(array("Q", bytes(lanes))))
    if not tail_size:
        return digits
    return digits + f"{int.from_bytes(data[whole:]):0{_DIGITS_OF_TAIL[tail_size]}d}"


def decode(digits: str) -> bytes:
    """The bytes that `encode` made the digits from.

    Raises:
        DecodeError: anything but the characters 0-9, a length that no bytes have, or a group too large for
            its bytes.
    """
    if not (digits.isascii() and digits.isdigit()) and digits:
        raise DecodeError("packed bytes consist of the digits 0-9 only")
    count, tail_digits = divmod(len(digits), GROUP_DIGITS)
    tail_size = _BYTES_OF_TAIL.get(tail_digits)
    if tail_size is None:
        raise DecodeError(f"no number of bytes packs into {len(digits)} digits")
    whole = count * GROUP_DIGITS
    try:
        groups = _groups_at_once(digits[:whole]) if count >= _MANY else _groups_in_turn(digits[:whole])
        return groups + (int(digits[whole:]).to_bytes(tail_size) if tail_size else b"")
    except OverflowError:
        raise DecodeError("a group of digits is too large for its bytes") from None


def _groups_in_turn(digits: str) -> bytes:
    starts = range(0, len(digits), GROUP_DIGITS)
    return b"".join([int(digits[start : start + GROUP_DIGITS]).to_bytes(GROUP_BYTES) for start in starts])


def _groups_at_once(digits: str) -> bytes:
    encoded, count = digits.encode(), len(digits) // GROUP_DIGITS
    template = b"1" + b" " * GROUP_DIGITS + b","
    written = bytearray(template * count)
    for place in range(GROUP_DIGITS):
        written[place + 1 :: len(template)] = encoded[place::GROUP_DIGITS]
    numbers = _most_significant_first(array("Q", json.loads(f"[{written[:-1].decode()}]")))
    marks = int.from_bytes(_MARK.to_bytes(_LANE_BYTES) * count)
    lanes = (int.from_bytes(numbers.tobytes()) - marks).to_bytes(count * _LANE_BYTES)
    if lanes[::_LANE_BYTES] != bytes(count):
        raise OverflowError
    data = bytearray(count * GROUP_BYTES)
    for place in range(GROUP_BYTES):
        data[place::GROUP_BYTES] = lanes[place + 1 :: _LANE_BYTES]
    return bytes(data)


def _most_significant_first(numbers: array[int]) -> array[int]:
    """The numbers with their bytes exchanged where this machine has the last one first."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
