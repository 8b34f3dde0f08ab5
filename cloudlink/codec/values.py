"""Typed values as digits, and back. The first digit tells the form: 1 is msgpack, all others are our own."""

from __future__ import annotations

from typing import Any

from cloudlink.codec import digits, msgpack
from cloudlink.codec.reader import Reader
from cloudlink.codec.writer import Writer

MSGPACK = "1"
"""The first digit of a value in msgpack, packed 7 bytes to 17 digits."""


def encode(value: Any) -> str:
    """The digits of a value, of the forms that fit the shortest.

    Args:
        value: None, a boolean, an int of any size, a float (with NaN and the infinities), a `decimal.Decimal`, text,
            bytes, a `datetime` with a time zone (it arrives in UTC), what `Rows.pack` gives, and lists and
            dictionaries of these, with keys of text or numbers; tuples arrive as lists.

    Raises:
        InvalidArgument: the value holds something that has no form in digits; the message names it.
    """
    written = Writer().value(value)
    if written[0] == MSGPACK:  # a number of one digit, which here is written with two
        return f"20{written[1]}"
    return written


def encode_msgpack(value: Any) -> str:
    """The digits of a value in msgpack, for readers that know this form only; `decode` reads it too.

    Raises:
        InvalidArgument: the value holds something that msgpack has no form for; the message names it.
    """
    return MSGPACK + digits.encode(msgpack.pack(value))


def decode(text: str) -> Any:
    """The value that `encode` or `encode_msgpack` made the digits from.

    Raises:
        DecodeError: the digits are not a value.
    """
    if text[:1] == MSGPACK:
        return msgpack.unpack(digits.decode(text[1:]))
    reader = Reader(text)
    value = reader.value()
    reader.cursor.finish()
    return value
