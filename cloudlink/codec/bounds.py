"""What bounds a value, on both sides, whichever form it travels in; what no form carries; how errors name a value."""

from __future__ import annotations

from cloudlink.errors import InvalidArgument

MAX_DEPTH = 64
"""Lists within lists, at most: deeper values are nobody's data and a danger to recursive readers."""

ITEMS_PER_DIGIT = 8
"""Items that a value may have for each of its digits, at most, so that no short message fills a memory.

The densest honest value, a table of booleans, has 6.6: 49 of them fit into 15 digits, and its rows count too.
"""


def short(value: object) -> str:
    """A value for an error's message, cut to 40 characters."""
    try:
        text = repr(value)
    except ValueError:  # more digits than Python is willing to print
        return "a huge number"
    return text if len(text) <= 40 else text[:37] + "..."


def check_text(text: str) -> None:
    """Refuse a text that has no form in UTF-8, which Scratch could not show either.

    Raises:
        InvalidArgument: the text holds half of a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(
            f"character {error.start} of the text is half of an emoji (a lone surrogate, "
            f"U+{ord(text[error.start]):04X}); remove it or send the whole one"
        ) from None
