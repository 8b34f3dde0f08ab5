"""Numbers as digits: counts, whole numbers of any size, and floating-point numbers as the decimals they print as.

    count     0 to 8 in one digit; 9 and two digits for 9 to 107; 999, a digit n, and n + 1 digits for more
    1 to 3    a whole number of one, two or three digits
    4         a longer one: a count c and c + 1 digits
    5         a negative one: a count c and the c + 1 digits of its absolute value
    6         a floating-point number, mantissa * 10**exponent: a digit for sign and exponent, then the mantissa as a
              count c and c + 1 digits. The digit is 0 to 4, or 5 to 9 for negative ones: 1 to 4 (6 to 9) are the
              exponents -1 to -4, and 0 (5) says that three digits follow, the exponent + 500.

A floating-point number travels as the shortest decimals that are read as the same number again, which is what Python
and JavaScript both print; so nothing is lost, and Scratch puts it together as text.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudlink.codec.cursor import Cursor
from cloudlink.errors import DecodeError

LONG, NEGATIVE, FLOAT = 4, 5, 6
KINDS = range(1, 7)

_ONE_DIGIT = 9
_THREE_DIGITS = _ONE_DIGIT + 99

_EXPONENT_OFFSET = 500
_SHORT_EXPONENTS = 4
_MOST_MANTISSA = 17
"""Digits that tell every double from its neighbours."""

_MOST_WRITTEN = _MOST_MANTISSA + 1
"""Digits of a mantissa: 17, and the 0 behind the point of a whole number."""

_CHUNK = 600
"""Digits that Python turns into a number, or prints, at once: its own limit against slow input is never below 640."""

_CHUNK_END = 10**_CHUNK


def write_count(count: int) -> str:
    """The digits of a count, from 0 to 9,999,999,999."""
    if count < _ONE_DIGIT:
        return str(count)
    if count < _THREE_DIGITS:
        return f"9{count - _ONE_DIGIT:02d}"
    digits = str(count)
    return f"999{len(digits) - 1}{digits}"


def read_count(cursor: Cursor) -> int:
    """The count at the cursor.

    Raises:
        DecodeError: the digits end within it.
    """
    first = cursor.digit()
    if first < _ONE_DIGIT:
        return first
    more = int(cursor.take(2))
    if more < 99:
        return _ONE_DIGIT + more
    return int(cursor.take(cursor.digit() + 1))


def write_whole(number: int) -> str:
    """The digits of a whole number."""
    digits = decimal_digits(abs(number))
    if number < 0:
        return f"{NEGATIVE}{write_count(len(digits) - 1)}{digits}"
    if len(digits) < LONG:
        return f"{len(digits)}{digits}"
    return f"{LONG}{write_count(len(digits) - 1)}{digits}"


def write_float(number: float) -> str:
    """The digits of a finite floating-point number; those of -0.0 and 4.0 differ from those of 0 and 4."""
    text = float.__repr__(number)
    negative = text[0] == "-"
    decimals, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = decimals.partition(".")
    mantissa = (whole + fraction).rstrip("0")
    if not mantissa:
        return write_scaled("0", -1, negative=negative)
    power = int(exponent or 0) + len(whole) - len(mantissa)
    return write_scaled(mantissa.lstrip("0"), power, negative=negative)


def write_scaled(mantissa: str, exponent: int, *, negative: bool) -> str:
    """The digits of mantissa * 10**exponent, the mantissa as short as it can be."""
    padded = mantissa + "0" * (exponent + 1)
    if 0 <= exponent <= 2 and len(padded) <= _MOST_WRITTEN:  # zeros behind the mantissa are no longer than the exponent
        mantissa, exponent = padded, -1
    sign = 5 if negative else 0
    digits = write_count(len(mantissa) - 1) + mantissa
    if -_SHORT_EXPONENTS <= exponent < 0:
        return f"{FLOAT}{sign - exponent}{digits}"
    return f"{FLOAT}{sign}{exponent + _EXPONENT_OFFSET:03d}{digits}"


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number as it travels, mantissa * 10**exponent.

    Attributes:
        kind: the digit it began with.
        mantissa: digits, with a minus sign where it is negative.
        exponent: of ten; 0 for whole numbers.
    """

    kind: int
    mantissa: str
    exponent: int

    def whole(self) -> int:
        """The whole number it is.

        Raises:
            DecodeError: it is a floating-point number.
        """
        if self.kind == FLOAT:
            raise DecodeError("a number with a fraction stands where a whole one belongs")
        return whole_number(self.mantissa)

    def value(self) -> int | float:
        """The number, of the type that was sent.

        Raises:
            DecodeError: it is larger than any floating-point number.
        """
        if self.kind != FLOAT:
            return whole_number(self.mantissa)
        return float_number(self.mantissa, self.exponent)


def read_number(cursor: Cursor) -> Scaled:
    """The number at the cursor, its first digit included.

    Raises:
        DecodeError: what stands there is no number.
    """
    kind = cursor.digit()
    if kind not in KINDS:
        raise DecodeError(f"a number begins with 1 to 6, not with {kind}")
    return read_number_of(kind, cursor)


def read_number_of(kind: int, cursor: Cursor) -> Scaled:
    """The number at the cursor, whose first digit was this one of `KINDS`.

    Raises:
        DecodeError: the digits end within it, or it has a form that the sprite would show with a 0 in front.
    """
    if kind < LONG:
        return Scaled(kind, cursor.take(kind), 0)
    if kind != FLOAT:
        digits = cursor.take(read_count(cursor) + 1)
        if digits[0] == "0":
            raise DecodeError("a long or negative whole number begins with 0")
        return Scaled(kind, "-" * (kind == NEGATIVE) + digits, 0)
    sign, exponent = divmod(cursor.digit(), 5)
    exponent = -exponent if exponent else int(cursor.take(3)) - _EXPONENT_OFFSET
    return Scaled(kind, "-" * sign + cursor.take(read_count(cursor) + 1), exponent)


def float_number(mantissa: str, exponent: int) -> float:
    """The floating-point number nearest to mantissa * 10**exponent.

    Raises:
        DecodeError: it is too large, or has more digits than such a number can need.
    """
    number = float(f"{mantissa[: _MOST_MANTISSA + 2]}e{exponent}")
    if number in (float("inf"), float("-inf")) or len(mantissa.lstrip("-")) > _MOST_WRITTEN:
        raise DecodeError("a number is too large, or has too many digits, for a floating-point number")
    return number


def decimal_digits(number: int) -> str:
    """The decimal digits of a number from 0 on, however large."""
    if number < _CHUNK_END:
        return str(number)
    # By halves, as Python's own way takes time by the square of the length; a digit is 3.3 bits.
    half = number.bit_length() // 7
    left, right = divmod(number, 10**half)
    return decimal_digits(left) + decimal_digits(right).zfill(half)


def whole_text(number: int) -> str:
    """The decimal text of a whole number, however large."""
    return "-" * (number < 0) + decimal_digits(abs(number))


def whole_number(digits: str) -> int:
    """The number that some digits are, with or without a minus sign, however many."""
    if len(digits) <= _CHUNK:
        return int(digits)
    half = len(digits) // 2
    if digits[0] == "-":
        return -whole_number(digits[1:])
    place: int = 10 ** (len(digits) - half)
    return whole_number(digits[:half]) * place + whole_number(digits[half:])
