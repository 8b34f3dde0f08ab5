"""Typed values as msgpack, the interoperable form: the only file that imports msgpack.

What it carries: None, booleans, whole numbers from -2**63 to 2**64 - 1, floats (with NaN and the infinities),
text, bytes, lists (tuples arrive as lists) and dictionaries with keys of text or numbers. Extension types,
timestamps among them, are refused in both directions: they mean something to one program only.
"""

from __future__ import annotations

from typing import Any

import msgpack

from cloudlink.codec.bounds import MAX_DEPTH, check_text, short
from cloudlink.errors import DecodeError, InvalidArgument


def pack(value: Any) -> bytes:
    """The msgpack bytes of a value.

    Raises:
        InvalidArgument: the value holds something that msgpack has no form for; the message names it.
    """
    _check(value, 0)
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def unpack(data: bytes) -> Any:
    """The value in some msgpack bytes. No more memory is taken than the bytes account for.

    Raises:
        DecodeError: the bytes are cut short, go on after the value, hold an extension type, a key that is not
            text or a number, text that is not UTF-8, or lists deeper than `MAX_DEPTH`.
    """
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=_refuse, timestamp=0)
        _check(value, 0)
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise DecodeError(f"not a msgpack value: {error or type(error).__name__}") from None
    return value


def _refuse(code: int, data: bytes) -> Any:
    raise DecodeError(f"msgpack extension type {code} is not supported")


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidArgument(f"the value is nested more than {MAX_DEPTH} levels deep; flatten it")
    if value is None or isinstance(value, bool | float | bytes | bytearray):
        return
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise InvalidArgument(f"{short(value)} does not fit in 64 bits; send it as text")
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str | int | float):
                raise InvalidArgument(f"{short(key)} cannot be a key; use text or a number")
            _check(key, depth + 1)
            _check(item, depth + 1)
    elif isinstance(value, msgpack.Timestamp):
        raise InvalidArgument("a timestamp is an extension type of msgpack, which is not supported; use a number")
    else:
        raise InvalidArgument(
            f"a {type(value).__name__} cannot be sent ({short(value)}); "
            "use None, a boolean, a number, text, bytes, a list or a dictionary"
        )
