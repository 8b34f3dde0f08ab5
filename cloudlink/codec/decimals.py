"""Decimals (Python's `decimal.Decimal`) as the text that they print as: each digit counts, the last zeros too."""

from __future__ import annotations

import re
from decimal import Decimal

from cloudlink.codec.bounds import short
from cloudlink.errors import DecodeError, InvalidArgument

MOST_EXPONENT = 6144
"""Of a decimal's first digit, as in IEEE 754's decimal128: `int()` of 1E+999999999 would fill the reader's memory."""

_FORM = re.compile(r"-?([0-9]+(\.[0-9]+)?(E[+-]?[0-9]{1,4})?|NaN|Infinity)", re.ASCII)


def write_decimal(number: Decimal) -> str:
    """The text of a decimal.

    Raises:
        InvalidArgument: it is 10**6145 or more, or as small, or is a NaN with a message.
    """
    text = str(number)
    if not _is_carried(number, text):
        raise InvalidArgument(f"{short(number)} has no form in digits; decimals go up to 10**{MOST_EXPONENT}")
    return text


def read_decimal(text: str) -> Decimal:
    """The decimal that prints as this text.

    Raises:
        DecodeError: no decimal does, or one that `write_decimal` refuses.
    """
    if _FORM.fullmatch(text):
        number = Decimal(text)
        if str(number) == text and _is_carried(number, text):
            return number
    raise DecodeError(f"{short(text)} is not the text of a decimal")


def _is_carried(number: Decimal, text: str) -> bool:
    if _FORM.fullmatch(text) is None:
        return False
    return not number.is_finite() or abs(number.adjusted()) <= MOST_EXPONENT
