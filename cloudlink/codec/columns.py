"""Columns: like values one after another, with one head for all of them. The first digit tells the kind.

    0   values with their own heads, none of them a list or a record
    1   texts
    2   whole numbers from 0 on, mostly small: 0 to 6 in one digit, 7 to 16 as 7 and one digit, 17 to 116 as 8 and
        two digits, all others as 9 and a number with its own head
    3   whole numbers of a range, which follows first (see ranges)
    4   numbers with so many decimals, which follow in one digit; then as 3, of the numbers without the point
    5   booleans, as 3 of the range 0 to 1
    6   the same value in each place; it follows once, with its head

The writer tries what the values allow, and takes the shortest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from cloudlink.codec.cursor import Cursor
from cloudlink.codec.numbers import float_number, read_number, write_whole
from cloudlink.codec.ranges import COMMON, EXACT, fits, pack, read_range, unpack, write_range
from cloudlink.errors import DecodeError

MIXED, TEXTS, SMALL, RANGED, DECIMALS, BOOLEANS, SAME = map(str, range(7))

_ONE_DIGIT = 7
_TWO_DIGITS = _ONE_DIGIT + 10
_THREE_DIGITS = _TWO_DIGITS + 100
_MOST_DECIMALS = 9

_BITS = range(2)


def write_numbers(values: Sequence[Any]) -> list[str]:
    """The columns, kind and all, that hold exactly these values as numbers or booleans; maybe none."""
    types = set(map(type, values))
    if types == {int}:
        return [*_small(values), *_ranged(values)]
    if types == {float}:
        return _decimals(values)
    if types == {bool}:
        return [BOOLEANS + pack(values, _BITS)]
    return []


def _small(values: Sequence[int]) -> list[str]:
    if min(values) < 0:
        return []
    return [SMALL + "".join(map(_write_small, values))]


def _write_small(number: int) -> str:
    if number < _ONE_DIGIT:
        return str(number)
    if number < _TWO_DIGITS:
        return f"7{number - _ONE_DIGIT}"
    if number < _THREE_DIGITS:
        return f"8{number - _TWO_DIGITS:02d}"
    return f"9{write_whole(number)}"


def _ranged(values: Sequence[int]) -> list[str]:
    columns = []
    for numbers in _ranges_around(values):
        if fits(numbers):
            columns.append(RANGED + write_range(numbers) + pack(values, numbers))
    return columns


def _ranges_around(values: Sequence[int]) -> list[range]:
    """The narrowest range, and the narrowest of those that are written in one digit."""
    lowest, highest = min(values), max(values)
    if max(-lowest, highest) > EXACT:
        return []
    step = math.gcd(*(value - lowest for value in values)) or 1
    common = [numbers for numbers in COMMON.values() if lowest >= numbers[0] and highest <= numbers[-1]]
    return [range(lowest, highest + 1, step), *sorted(common, key=len)[:1]]


def _decimals(values: Sequence[float]) -> list[str]:
    if not all(map(math.isfinite, values)):
        return []
    decimals = max(map(_decimals_of, values))
    if decimals > _MOST_DECIMALS or max(map(abs, values)) * 10**decimals > EXACT:
        return []
    numbers = [round(value * 10**decimals) for value in values]
    if [float(f"{number}e-{decimals}").hex() for number in numbers] != [value.hex() for value in values]:
        return []  # there is a -0.0 among them
    return [f"{DECIMALS}{decimals}{column[1:]}" for column in _ranged(numbers)]


def _decimals_of(number: float) -> int:
    digits, _, exponent = float.__repr__(number).partition("e")
    fraction = digits.partition(".")[2].rstrip("0")
    return max(0, len(fraction) - int(exponent or 0))


def read_column(cursor: Cursor, count: int, *, read_leaf: Callable[[], Any], read_text: Callable[[], str]) -> list[Any]:
    """So many values from the cursor on.

    Args:
        cursor: where the column's first digit stands.
        count: how many values; the caller has claimed them.
        read_leaf: reads a value with its head at the cursor, and refuses lists and records.
        read_text: reads a text without a head.

    Raises:
        DecodeError: what stands there is no column.
    """
    kind = cursor.take(1)
    if kind == MIXED:
        return [read_leaf() for _ in range(count)]
    if kind == TEXTS:
        return [read_text() for _ in range(count)]
    if kind == SMALL:
        return [_read_small(cursor) for _ in range(count)]
    if kind == RANGED:
        return unpack(cursor, count, read_range(cursor))
    if kind == DECIMALS:
        decimals = cursor.digit()
        return [float_number(str(number), -decimals) for number in unpack(cursor, count, read_range(cursor))]
    if kind == BOOLEANS:
        return [number == 1 for number in unpack(cursor, count, _BITS)]
    if kind == SAME:
        return [read_leaf()] * count
    raise DecodeError(f"columns of kind {kind} are unknown to this version")


def _read_small(cursor: Cursor) -> int:
    first = cursor.digit()
    if first < _ONE_DIGIT:
        return first
    if first == 7:
        return _ONE_DIGIT + cursor.digit()
    if first == 8:
        return _TWO_DIGITS + int(cursor.take(2))
    return read_number(cursor).whole()
