"""What a store holds, as text: JSON, with a sign for what JSON has no form for.

    None, booleans, texts, lists, floats   as JSON (Python's: with NaN and Infinity)
    whole numbers                          as JSON; from 2**63 on {"$int": "hexadecimal"}, exact and quick at any size
    bytes                                  {"$bytes": "base64"}
    dictionaries                           as JSON, or if a key is a number or begins with $ as
                                           {"$dict": [[key, value], ...]}

Tuples come back as lists and bytearrays as bytes, as they do from a request. A key or a name is the UTF-8 bytes of its
text, so that it is compared and sorted alike by every database, and a stranger's odd text does no harm.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from typing import Any, Final

from cloudlink.errors import DecodeError, InvalidArgument, ValueTooLong

MAX_KEY_BYTES: Final = 500
"""Of a key, of the name of a namespace or a leaderboard, and of a player, in UTF-8. Two of them make an index entry,
and PostgreSQL's hold 2,700 bytes."""

MAX_VALUE_BYTES: Final = 1_000_000
"""Of a value as it is stored. A longer one is a file, and belongs into one."""

MAX_DEPTH: Final = 64
"""Lists within lists, at most, as in a request."""

_EXACT: Final = 1 << 63
"""From here on JSON readers elsewhere round, and Python reads decimal digits slowly."""


def encode_key(key: str, what: str = "key") -> bytes:
    """The bytes that stand for a key.

    Args:
        key: any text.
        what: the word for it in an error.

    Raises:
        InvalidArgument: not a text.
        ValueTooLong: longer than `MAX_KEY_BYTES`.
    """
    if not isinstance(key, str):
        raise InvalidArgument(f"a {what} is a text, not {short(key)}; write str(...) around it")
    data = key.encode("utf-8", "surrogatepass")
    if len(data) > MAX_KEY_BYTES:
        raise ValueTooLong(
            f"the {what} {key[:20]!r}... has {len(data):,} bytes, limit {MAX_KEY_BYTES:,}",
            size=len(data),
            limit=MAX_KEY_BYTES,
        )
    return data


def decode_key(data: bytes) -> str:
    """The key that some bytes stand for."""
    return data.decode("utf-8", "surrogatepass")


def encode(value: Any) -> str:
    """The text that stands for a value.

    Raises:
        InvalidArgument: the value holds something that cannot be stored; the message names it.
        ValueTooLong: the text has more than `MAX_VALUE_BYTES` in UTF-8.
    """
    plain = _plain(value, 0)
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half a surrogate pair: databases refuse it, JSON's escape they take
        text = json.dumps(plain, separators=(",", ":"))
        size = len(text)
    if size > MAX_VALUE_BYTES:
        raise ValueTooLong(
            f"the value takes {size:,} bytes, limit {MAX_VALUE_BYTES:,}; store its parts under keys of their own",
            size=size,
            limit=MAX_VALUE_BYTES,
        )
    return text


def decode(text: str) -> Any:
    """The value that a text stands for.

    Raises:
        DecodeError: the text is not one that `encode` makes: something else has written into the database.
    """
    try:
        return _value(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise DecodeError(f"{text[:60]!r} in the store is no value: {error}") from None


def short(value: object) -> str:
    """A value for an error message, in 80 characters."""
    try:
        return f"{value!r:.80}"
    except (ValueError, RecursionError):  # a whole number of thousands of digits has no decimal text
        return f"a very large {type(value).__name__}"


def _plain(value: Any, depth: int) -> Any:
    """What json can write."""
    if depth > MAX_DEPTH:
        raise InvalidArgument(f"the value is nested more than {MAX_DEPTH} levels deep; flatten it")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value) if -_EXACT < value < _EXACT else {"$int": f"{value:x}"}
    if isinstance(value, float):
        return float(value)
    if isinstance(value, bytes | bytearray):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return _plain_dictionary(value, depth)
    raise InvalidArgument(
        f"a {type(value).__name__} cannot be stored ({short(value)}); "
        "use None, a boolean, a number, text, bytes, a list or a dictionary"
    )


def _plain_dictionary(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str | int | float):
            raise InvalidArgument(f"{short(key)} cannot be a key in a stored dictionary; use text or a number")
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    return {"$dict": [[_plain(key, depth), _plain(item, depth + 1)] for key, item in value.items()]}


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_value(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    match plain:
        case {"$int": str(digits)}:
            return int(digits, 16)
        case {"$bytes": str(data)}:
            return b64decode(data, validate=True)
        case {"$dict": list(pairs)}:
            return {_value(key): _value(item) for key, item in pairs}
    return {key: _value(item) for key, item in plain.items()}


MAX_SCORE: Final = 1 << 53
"""Scores are doubles, as Scratch's numbers are: whole up to here, and every database sorts them alike."""


def encode_score(score: float) -> float:
    """The double that stands for a score.

    Raises:
        InvalidArgument: not a finite number from -2**53 to 2**53.
    """
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise InvalidArgument(f"a score is a number, not {short(score)}")
    if not -MAX_SCORE <= score <= MAX_SCORE or not math.isfinite(score):
        raise InvalidArgument(f"a score is a number from -2**53 to 2**53, not {short(score)}")
    return float(score)


def decode_score(stored: float) -> int | float:
    """The score that a double stands for: whole numbers are `int`."""
    return int(stored) if stored.is_integer() else stored
