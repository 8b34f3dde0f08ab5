from __future__ import annotations

import contextlib
import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import digit_strings, values

from cloudlink import codec
from cloudlink.codec import digits
from cloudlink.errors import DecodeError, InvalidArgument


@given(values)
def test_values_come_back_with_their_types(value: Any) -> None:
    back = codec.decode(codec.encode(value))
    assert back == value
    assert type(back) is type(value)


@given(digit_strings | st.text(max_size=40) | digit_strings.map(lambda text: "1" + text))
def test_decoding_anything_raises_nothing_but_its_own_error(text: str) -> None:
    with contextlib.suppress(DecodeError):
        codec.decode(text)


@given(st.binary(max_size=60))
def test_any_bytes_behind_the_codec_digit_are_a_value_or_a_decode_error(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        codec.decode("1" + digits.encode(data))


def test_nan_and_infinities_survive() -> None:
    assert math.isnan(codec.decode(codec.encode(math.nan)))
    assert codec.decode(codec.encode([math.inf, -math.inf])) == [math.inf, -math.inf]


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
        codec.encode(value)


def test_values_nested_without_end_are_refused_on_both_sides() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(InvalidArgument, match="nested"):
        codec.encode(deep)
    with pytest.raises(DecodeError, match="nested"):
        codec.decode("1" + digits.encode(msgpack.packb(deep)))
    with pytest.raises(DecodeError):
        codec.decode("1" + digits.encode(b"\x91" * 5000))


def test_extension_types_are_refused() -> None:
    for extension in (msgpack.ExtType(5, b"x"), msgpack.Timestamp(1, 2)):
        with pytest.raises(DecodeError):
            codec.decode("1" + digits.encode(msgpack.packb(extension)))
