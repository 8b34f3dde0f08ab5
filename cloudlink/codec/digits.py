"""Bytes as decimal digits: 7 bytes in 17 digits, 99.2 % of what digits can carry.

Seven bytes, most significant first, are one whole number below 2**56, written in 17 digits. The one to six bytes
of a tail take as few digits as they can (3, 5, 8, 10, 13, 15), so the length of the digits alone tells how many
bytes they hold. Scratch can do both ways without leaving the whole numbers that its doubles hold exactly, since
10**8 is 2**8 * 390625 (see scratch_sprites/FORMAT.md).

What makes it fast is that no loop of Python's touches a group. Writing: slices with a stride move bytes to where an
array of 64-bit numbers has them, and one format prints all numbers. Reading: thousands of digits are one number of
half bytes, in which some five calculations turn all pairs of digits into bytes, all pairs of these into numbers below
10**4, and so on. Python calculates so with large numbers at some gigabytes a second, as long as the other factor is
small.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from functools import cache

from cloudlink.errors import DecodeError

GROUP_BYTES = 7
GROUP_DIGITS = 17

_DIGITS_OF_TAIL = [len(str(256**size - 1)) if size else 0 for size in range(GROUP_BYTES)]
_BYTES_OF_TAIL = {digits: size for size, digits in enumerate(_DIGITS_OF_TAIL)}

_LANE_BYTES = 8
"""Of a number in the array; the first one is 0 behind the group's limit."""

_MANY = 20
"""Groups from which on reading all at once is faster than one after another."""

_MOST_AT_ONCE = 2048
"""Groups that are read at once; so the numbers stay in the processor's cache."""


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
    # Of a str, isdigit asks Unicode about each character, which would take as long as all the rest.
    if not (digits.isascii() and digits.encode().isdigit()) and digits:
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
    return b"".join([int(group).to_bytes(GROUP_BYTES) for group in _pieces(digits, GROUP_DIGITS)])


def _groups_at_once(digits: str) -> bytes:
    return b"".join(map(_read_piece, _pieces(digits, _MOST_AT_ONCE * GROUP_DIGITS)))


def _pieces(digits: str, size: int) -> Iterator[str]:
    return (digits[start : start + size] for start in range(0, len(digits), size))


def _read_piece(digits: str) -> bytes:
    """Read up to `_MOST_AT_ONCE` groups: in one number, of which each group has 17 half bytes from first to last."""
    odd = len(digits) % 2 * GROUP_DIGITS
    number = int.from_bytes(bytes.fromhex("0" * odd + digits))
    for mask, shift, too_much in _steps():
        number -= (number >> shift & mask) * too_much  # what is worth 10**n, and stood for 16**n
    if number & _too_large():
        raise OverflowError
    # Two groups are 17 bytes: the last 7 are the second group, and half a byte further right the first one's are whole.
    size = (odd + len(digits)) // 2
    firsts, seconds = (number >> 4).to_bytes(size), number.to_bytes(size)
    data = bytearray(size // GROUP_DIGITS * 2 * GROUP_BYTES)
    for place in range(GROUP_BYTES):
        data[place :: 2 * GROUP_BYTES] = firsts[place + 2 :: GROUP_DIGITS]
        data[place + GROUP_BYTES :: 2 * GROUP_BYTES] = seconds[place + 10 :: GROUP_DIGITS]
    return bytes(data[GROUP_BYTES:] if odd else data)


@cache
def _too_large() -> int:
    """What no group has: the half bytes in front of its seven bytes."""
    return int(("f" * (GROUP_DIGITS - 2 * GROUP_BYTES)).ljust(GROUP_DIGITS, "0") * _MOST_AT_ONCE, 16)


@cache
def _steps() -> list[tuple[int, int, int]]:
    """For stretches of 1, 2, 4, 8 and 16 digits: those at the left of a pair, how far that is, and what they are less.

    With 17 digits the first has nothing to its left, and it is the only one whose stretch of 16 is on its right.
    """
    steps = []
    for size in (1, 2, 4, 8, 16):
        pair = "0" * size + "f" * size
        group = (pair * 8)[-16:] if size < 16 else "f"
        mask = int(group.rjust(GROUP_DIGITS, "0") * _MOST_AT_ONCE, 16)
        steps.append((mask, 4 * size, 16**size - 10**size))
    return steps


def _most_significant_first(numbers: array[int]) -> array[int]:
    """The numbers with their bytes exchanged where this machine has the last one first."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
