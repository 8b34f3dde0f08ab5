from __future__ import annotations

import contextlib
import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import packable_values

from cloudlink import codec
from cloudlink.codec import digits
from cloudlink.errors import DecodeError, InvalidArgument


@given(packable_values)
def test_values_come_back_with_their_types(value: Any) -> None:
    back = codec.decode(codec.encode_msgpack(value))
    assert back == value
    assert type(back) is type(value)


@given(packable_values)
def test_what_is_written_is_what_others_read(value: Any) -> None:
    packed = digits.decode(codec.encode_msgpack(value)[1:])
    assert msgpack.unpackb(packed, strict_map_key=False) == value


@given(st.binary(max_size=60))
def test_any_bytes_behind_the_first_digit_are_a_value_or_a_decode_error(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        codec.decode("1" + digits.encode(data))


@given(st.floats(width=32, allow_nan=False), st.integers(-(2**63), 2**64 - 1))
def test_short_floats_and_long_whole_numbers_are_exact(number: float, whole: int) -> None:
    packer = msgpack.Packer(use_single_float=True)
    assert codec.decode("1" + digits.encode(packer.pack([number, whole]))) == [number, whole]


def test_nan_and_infinities_survive() -> None:
    assert math.isnan(codec.decode(codec.encode_msgpack(math.nan)))
    assert codec.decode(codec.encode_msgpack([math.inf, -math.inf])) == [math.inf, -math.inf]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2**64, "does not fit in 64 bits"),
        pytest.param(10**5000, "does not fit in 64 bits", id="huge"),
        ("half \ud83d", "lone surrogate"),
        ({1, 2}, "a set cannot be sent"),
        ({(1, 2): 3}, "cannot be a key"),
        ([[object()]], "a object cannot be sent"),
    ],
)
def test_a_value_without_a_form_is_named(value: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        codec.encode_msgpack(value)


def test_values_nested_without_end_are_refused_on_both_sides() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(InvalidArgument, match="nested"):
        codec.encode_msgpack(deep)
    with pytest.raises(DecodeError, match="nested"):
        codec.decode("1" + digits.encode(msgpack.packb(deep)))
    with pytest.raises(DecodeError):
        codec.decode("1" + digits.encode(b"\x91" * 5000))


def test_extension_types_are_refused() -> None:
    for extension in (msgpack.ExtType(5, b"x"), msgpack.Timestamp(1, 2)):
        with pytest.raises(DecodeError, match="extension"):
            codec.decode("1" + digits.encode(msgpack.packb(extension)))
