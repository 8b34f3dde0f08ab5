"""Moments as digits: the seconds since the year 2000 began in UTC, whole or with six decimals.

That is the clock of Scratch's block (days since 2000), so the sprite shows a moment as that block would have.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloudlink.codec.cursor import Cursor
from cloudlink.codec.numbers import read_number, write_scaled, write_whole
from cloudlink.errors import DecodeError, InvalidArgument

_START = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DECIMALS = 6


def write_moment(moment: datetime) -> str:
    """The digits of a moment.

    Raises:
        InvalidArgument: the moment has no time zone, so nobody else could know which it is.
    """
    if moment.utcoffset() is None:
        raise InvalidArgument(f"{moment!r} has no time zone; give it one, for instance with .astimezone()")
    total = (moment - _START) // _MICROSECOND
    seconds, rest = divmod(total, 10**_DECIMALS)
    if not rest:
        return write_whole(seconds)
    return write_scaled(str(abs(total)), -_DECIMALS, negative=total < 0)


def read_moment(cursor: Cursor) -> datetime:
    """The moment at the cursor, in UTC.

    Raises:
        DecodeError: no moment stands there that Python knows: of the years 1 to 9999, in whole microseconds.
    """
    number = read_number(cursor)
    if number.exponent not in (0, -_DECIMALS) or len(number.mantissa) > 20:
        raise DecodeError("a moment is a number of seconds, whole or with six decimals")
    unit: int = 10 ** (_DECIMALS + number.exponent)
    total = int(number.mantissa) * unit
    try:
        return _START + total * _MICROSECOND
    except OverflowError:
        raise DecodeError("a moment outside the years 1 to 9999") from None
