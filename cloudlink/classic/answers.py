"""What handlers return, in the forms that the classic sprite reads: a list of texts, or a whole number.

    handler returns             the list `response` in the project
    text                        one item; each line break begins a further one
    "", the empty text          "-", as ever was
    text of digits only         the same, sent as it is, which is twice as short
    int, float                  the number as Scratch prints it: 5, -5, 3.5, 1e+21
    True, False                 "True", "False", as ever was
    None, an empty list         one empty item: the sprite takes nothing for "no answer yet"
    list, tuple                 its items, each as text
    dictionary                  an item "key: value" for each entry
    list, dictionary in another "(1, 2)", "(a: 1, b: 2)": the alphabet has no other brackets
    bytes                       hexadecimal digits
    anything else               what `str` makes of it
    an error                    two items, "Error in request NAME" and its text

A character that the alphabet does not have becomes a question mark, and so does a line break within an item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cloudlink.classic.packet import Content
from cloudlink.codec.classic import ITEM_END, Encoding
from cloudlink.codec.numbers import whole_text
from cloudlink.errors import RequestError
from cloudlink.javascript import javascript_number

MISSING = "?"
"""Stands for each character that the alphabet does not have: a player sees that something is missing."""

_EMPTY = "-"


def encode_answer(value: Any, *, numbers: bool) -> Content:
    """The form of a handler's answer: see the table above.

    Args:
        value: what the handler returned.
        numbers: whether the sprite reads whole numbers as they are; `takes_numbers` of the request's id tells.
    """
    match value:
        case None:
            return _items([])
        case list() | tuple():
            return _items(map(_text, value))
        case Mapping():
            return _items(f"{_text(key)}: {_text(item)}" for key, item in value.items())
    text = _text(value)
    if numbers and text.isascii() and text.isdigit():
        return Content(text, plain=True)
    return Content(Encoding.encode(_with_line_breaks(text) or _EMPTY, replace=MISSING))


def encode_error(name: str, error: RequestError) -> Content:
    """The form of an error: two items, of which the incumbent's projects know the first."""
    return _items([f"Error in request {name}".rstrip(), str(error.text)])


def _items(texts: Iterable[str]) -> Content:
    items = [_with_line_breaks(text).replace("\n", MISSING) for text in texts] or [""]
    return Content("".join(Encoding.encode(item, replace=MISSING) + ITEM_END for item in items))


def _with_line_breaks(text: str) -> str:
    """A line break is one character, whichever system wrote it."""
    return text.replace("\r\n", "\n")


def _text(value: Any) -> str:
    match value:
        case float():
            return javascript_number(value)
        case int() if not isinstance(value, bool):
            return whole_text(value)
        case bytes() | bytearray():
            return value.hex()
        case list() | tuple():
            return f"({', '.join(map(_text, value))})"
        case Mapping():
            return f"({', '.join(f'{_text(key)}: {_text(item)}' for key, item in value.items())})"
    return str(value)
