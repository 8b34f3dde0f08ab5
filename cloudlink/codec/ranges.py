"""Whole numbers within a range, as many to a group of 15 digits as fit (mixed radix).

A range is a lowest number, a step, and how many numbers there are, at least two. It travels as one digit for the ranges
that everybody has in Scratch, or as 0 with the lowest number and how many, or as 9 with the step behind these. Of n
numbers k have a place in a group, the most for which (how many)**k is at most 10**15; the last group has the rest.
The first number of a group is its remainder, the next one that of the quotient, and so on. 10**15 is below
2**53, so Scratch divides without an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudlink.codec.cursor import Cursor
from cloudlink.codec.numbers import read_number, write_whole
from cloudlink.errors import DecodeError

GROUP = 10**15
EXACT = 2**53
"""Up to here Scratch counts without an error."""

COMMON = {
    1: range(10),
    2: range(100),
    3: range(1000),
    4: range(-240, 241),  # x on the stage
    5: range(-180, 181),  # y
    6: range(-179, 181),  # directions
    7: range(2),
    8: range(101),  # per cent
}
"""The ranges that have a digit of their own."""

EXPLICIT, WITH_STEP = 0, 9

_DIGITS = {common: str(digit) for digit, common in COMMON.items()}


def fits(numbers: range) -> bool:
    """Whether Scratch can take numbers of that range apart without an error."""
    return bool(numbers) and max(abs(numbers[0]), abs(numbers[-1])) <= EXACT and 2 <= len(numbers) <= GROUP


def write_range(numbers: range) -> str:
    """The digits of a range that rises and `fits`."""
    if numbers in _DIGITS:
        return _DIGITS[numbers]
    bounds = write_whole(numbers[0]) + write_whole(len(numbers))
    if numbers.step == 1:
        return f"{EXPLICIT}{bounds}"
    return f"{WITH_STEP}{bounds}{write_whole(numbers.step)}"


def read_range(cursor: Cursor) -> range:
    """The range at the cursor.

    Raises:
        DecodeError: it is none, or has more or larger numbers than Scratch can take apart.
    """
    digit = cursor.digit()
    if digit in COMMON:
        return COMMON[digit]
    lowest, many = read_number(cursor).whole(), read_number(cursor).whole()
    step = read_number(cursor).whole() if digit == WITH_STEP else 1
    if not (2 <= many <= GROUP and step > 0 and max(abs(lowest), abs(lowest + step * (many - 1))) <= EXACT):
        raise DecodeError(f"{many} numbers from {lowest} on in steps of {step} are no range")
    return range(lowest, lowest + step * many, step)


def pack(numbers: Sequence[int], within: range) -> str:
    """The digits of some numbers, each of which is in the range."""
    many, lowest, step = len(within), within[0], within.step
    size, width = _group(many, len(numbers))
    groups = []
    for start in range(0, len(numbers), size):
        taken = numbers[start : start + size]
        total = 0
        for number in reversed(taken):
            total = total * many + (number - lowest) // step
        if len(taken) < size:
            width = _group(many, len(taken))[1]
        groups.append(f"{total:0{width}d}")
    return "".join(groups)


def unpack(cursor: Cursor, count: int, within: range) -> list[int]:
    """So many numbers of a range, from the cursor on.

    Raises:
        DecodeError: the digits end too early, or a group is too large for its numbers.
    """
    many, lowest, step = len(within), within[0], within.step
    numbers: list[int] = []
    size, width = _group(many, count)
    while len(numbers) < count:
        if count - len(numbers) < size:
            size, width = _group(many, count - len(numbers))
        total = int(cursor.take(width))
        for _ in range(size):
            total, remainder = divmod(total, many)
            numbers.append(lowest + step * remainder)
        if total:
            raise DecodeError("a group of digits is too large for its numbers")
    return numbers


def digits_for(count: int, within: range) -> int:
    """How many digits `pack` makes of so many numbers."""
    if not count:
        return 0
    size, width = _group(len(within), count)
    rest = count % size
    return count // size * width + (_group(len(within), rest)[1] if rest else 0)


def _group(many: int, count: int) -> tuple[int, int]:
    """How many numbers a group has, of at most `count`, and how many digits."""
    size, power = 0, 1
    while size < count and power * many <= GROUP:
        size, power = size + 1, power * many
    return max(size, 1), len(str(power - 1))
