"""What may stand in a cloud variable. Pure."""

from __future__ import annotations

import re
from typing import Final

from cloudlink.errors import InvalidArgument, ValueTooLong
from cloudlink.javascript import plain_number
from cloudlink.limits import Limits

# What every known server takes; TurboWarp's would take ".5", "5." and "" as well, Scratch's rule is unpublished.
_CLOUD_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def cloud_text(value: str | int | float, *, limits: Limits) -> str:
    """The text of a value, once it is sure that the cloud takes it.

    Args:
        value: digits, with at most one sign in front and one dot. A number becomes its text.
        limits: what the platform allows.

    Raises:
        InvalidArgument: the value has characters that the cloud does not take, or is none at all.
        ValueTooLong: it has more characters than a variable holds.
    """
    text = _number_text(value) if isinstance(value, int | float) else value
    if not isinstance(text, str):
        raise InvalidArgument(f"a cloud variable holds a number, not {type(value).__name__}")
    if len(text) > limits.value_length:
        raise ValueTooLong(
            f"the value has {len(text):,} characters, a variable holds {limits.value_length:,}: send less, "
            "or spread it over several variables",
            size=len(text),
            limit=limits.value_length,
        )
    if not _CLOUD_NUMBER.fullmatch(text):
        raise InvalidArgument(
            f"a cloud variable holds digits, with at most one - in front and one dot, not {text[:40]!r}; "
            "encode texts first"
        )
    return text


def _number_text(value: int | float) -> str:
    if isinstance(value, bool):
        raise InvalidArgument(f"a cloud variable holds a number, not {value}; use 1 and 0")
    try:
        return plain_number(value) if isinstance(value, float) else str(value)
    except ValueError as error:  # Python does not print numbers of more than 4,300 digits
        raise InvalidArgument(f"this number is too long to print; pass it as text ({error})") from error
