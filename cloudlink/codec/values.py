"""Typed values as digits: one digit that names the codec, then what this codec makes of the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudlink.codec import digits, msgpack
from cloudlink.errors import DecodeError

MSGPACK = "1"
"""The first digit of values in msgpack, packed 7 bytes to 17 digits. The others are reserved."""

_DECODERS: dict[str, Callable[[str], Any]] = {MSGPACK: lambda body: msgpack.unpack(digits.decode(body))}


def encode(value: Any) -> str:
    """The digits of a value: `MSGPACK` and the packed bytes.

    Raises:
        InvalidArgument: the value holds something that has no form in digits; the message names it.
    """
    return MSGPACK + digits.encode(msgpack.pack(value))


def decode(text: str) -> Any:
    """The value that `encode` made the digits from.

    Raises:
        DecodeError: the digits are not a value, or in a codec that this version does not know.
    """
    decoder = _DECODERS.get(text[:1])
    if decoder is None:
        raise DecodeError(f"values that begin with {text[:1]!r} are in no codec that this version knows")
    return decoder(text[1:])
