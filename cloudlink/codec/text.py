"""Text as digits: about three digits for four letters of English, every character of Unicode, an end of its own.

A text is a row of tokens from the table (text_table.py), the last of them `end`. Each is written in the code of the
class of the token before it. The table is the one that everybody has, or that of a language pack. The reference, with
examples: scratch_sprites/FORMAT.md.
"""

from __future__ import annotations

from functools import cache

from cloudlink.codec.text_reader import TextReader
from cloudlink.codec.text_table import text_table
from cloudlink.codec.text_writer import TextWriter


def encode(text: str, language: str = "") -> str:
    """The digits of a text; a reader sees where they end.

    Args:
        text: any.
        language: the pack to write it with, a key of `LANGUAGES`; "" for none.

    Raises:
        InvalidArgument: the text holds half of a surrogate pair.
    """
    return _writer(language).encode(text)


def decode(digits: str, start: int = 0, language: str = "") -> tuple[str, int]:
    """A text, and the place behind its digits.

    Args:
        digits: what the text stands in.
        start: where it begins.
        language: the pack that it is written with.

    Raises:
        DecodeError: the digits end before the text does, or hold what is no character.
    """
    return _reader(language).decode(digits, start)


def prepare(language: str = "") -> None:
    """Read a table before it is needed, so that the first text takes no longer than the next one.

    Args:
        language: the pack, a key of `LANGUAGES`; "" for the table that everybody has.
    """
    _writer(language)
    _reader(language)


@cache
def _writer(language: str) -> TextWriter:
    return TextWriter(text_table(language))


@cache
def _reader(language: str) -> TextReader:
    return TextReader(text_table(language))
