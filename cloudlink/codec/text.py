"""Text as digits: about three digits for four letters of English, every character of Unicode, an end of its own.

A text is a row of tokens from the table (text_table.py), the last of them `end`. Each is written in the code of the
class of the token before it. The reference, with examples: scratch_sprites/FORMAT.md.
"""

from __future__ import annotations

from functools import cache

from cloudlink.codec.text_reader import TextReader
from cloudlink.codec.text_table import text_table
from cloudlink.codec.text_writer import TextWriter


def encode(text: str) -> str:
    """The digits of a text; a reader sees where they end.

    Raises:
        InvalidArgument: the text holds half of a surrogate pair.
    """
    return _writer().encode(text)


def decode(digits: str, start: int = 0) -> tuple[str, int]:
    """A text, and the place behind its digits.

    Args:
        digits: what the text stands in.
        start: where it begins.

    Raises:
        DecodeError: the digits end before the text does, or hold what is no character.
    """
    return _reader().decode(digits, start)


@cache
def _writer() -> TextWriter:
    return TextWriter(text_table())


@cache
def _reader() -> TextReader:
    return TextReader(text_table())
