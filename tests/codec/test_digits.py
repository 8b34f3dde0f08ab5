from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import digit_strings

from cloudlink.codec import digits
from cloudlink.errors import DecodeError


@given(st.binary(max_size=200) | st.binary(min_size=340, max_size=800))
@example(bytes(range(256)) * 57)  # more than are read at once
def test_bytes_come_back_exactly(data: bytes) -> None:
    assert digits.decode(digits.encode(data)) == data


@given(digit_strings)
def test_digits_that_decode_are_the_only_ones_for_their_bytes(text: str) -> None:
    try:
        data = digits.decode(text)
    except DecodeError:
        return
    assert digits.encode(data) == text


@given(st.text(max_size=60))
def test_decoding_anything_raises_nothing_but_its_own_error(text: str) -> None:
    with contextlib.suppress(DecodeError):
        digits.decode(text)


def test_seven_bytes_take_seventeen_digits() -> None:
    assert digits.encode(b"\xff" * 7) == "72057594037927935"
    assert digits.encode(bytes(7)) == "0" * 17


@pytest.mark.parametrize(("size", "length"), [(0, 0), (1, 3), (2, 5), (3, 8), (4, 10), (5, 13), (6, 15), (8, 20)])
def test_a_tail_takes_as_few_digits_as_its_bytes_need(size: int, length: int) -> None:
    assert len(digits.encode(b"\xff" * size)) == length


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "00",
        "0000",
        "256",
        "99999",
        "72057594037927936",
        "-12",
        "٣٣٣",
        "1 2",
        "1_2",
        "0" * 237 + "a",
        "0" * 237 + "_",
    ],
)
def test_digits_that_no_bytes_have_are_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        digits.decode(text)


@given(st.binary(max_size=900))
def test_the_length_is_known_beforehand(data: bytes) -> None:
    assert digits.length(len(data)) == len(digits.encode(data))


@pytest.mark.parametrize("groups", [1, 19, 20, 21, 300, 2048, 2049])
@pytest.mark.parametrize("place", [0, -1])
def test_a_group_that_is_too_large_is_found_among_many(groups: int, place: int) -> None:
    right = ["72057594037927935"] * groups
    assert digits.decode("".join(right)) == b"\xff" * 7 * groups
    for wrong in ("72057594037927936", "99999999999999999"):
        with pytest.raises(DecodeError, match="too large"):
            digits.decode("".join([*right[:place], wrong, *right[place:]]))
