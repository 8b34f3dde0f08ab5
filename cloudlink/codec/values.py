"""Typed values as digits, and back. The first digit tells the form: 1 is msgpack, all others are our own.

Behind 097 and the digit of a language pack stands a value of our own form whose texts are in that pack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudlink.codec import digits, kinds, msgpack
from cloudlink.codec.languages import LANGUAGES, check_languages, language_of
from cloudlink.codec.reader import Reader
from cloudlink.codec.writer import Writer
from cloudlink.errors import DecodeError

MSGPACK = "1"
"""The first digit of a value in msgpack, packed 7 bytes to 17 digits."""


def encode(value: Any, *, languages: Iterable[str] = ()) -> str:
    """The digits of a value, of the forms that fit the shortest.

    Args:
        value: None, a boolean, an int of any size, a float (with NaN and the infinities), a `decimal.Decimal`, text,
            bytes, a `datetime` with a time zone (it arrives in UTC), what `Rows.pack` gives, and lists and
            dictionaries of these, with keys of text or numbers; tuples arrive as lists.
        languages: the language packs that the reader has, such as "es", besides the table that everybody has; the
            one that makes the fewest digits is taken, if any makes fewer.

    Raises:
        InvalidArgument: the value holds something that has no form in digits; the message names it. Or there is no
            such language pack.
    """
    packs = check_languages(languages)
    writer = Writer()
    written = writer.value(value)
    if writer.has_texts:
        for language in packs:
            with_pack = kinds.LANGUAGE + LANGUAGES[language] + Writer(language).value(value)
            written = min(written, with_pack, key=len)
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
    language = ""
    if text.startswith(kinds.LANGUAGE):
        language, text = _language(text), text[len(kinds.LANGUAGE) + 1 :]
        if text[:1] == MSGPACK:
            raise DecodeError("a value in a language pack is not in msgpack")
    reader = Reader(text, language)
    value = reader.value()
    reader.cursor.finish()
    return value


def _language(text: str) -> str:
    digit = text[len(kinds.LANGUAGE) : len(kinds.LANGUAGE) + 1]
    language = language_of(digit)
    if language is None:
        raise DecodeError(f"language pack {digit!r} is unknown to this version")
    return language
