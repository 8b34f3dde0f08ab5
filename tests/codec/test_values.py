from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import digit_strings, like_values, tables, values

from cloudlink import codec
from cloudlink.codec.bounds import ITEMS_PER_DIGIT
from cloudlink.errors import DecodeError, InvalidArgument


@given(values)
def test_values_come_back_with_their_types(value: Any) -> None:
    assert is_same(codec.decode(codec.encode(value)), value)


@given(like_values | tables)
def test_columns_and_tables_are_never_longer_than_the_items_alone(value: list[Any]) -> None:
    alone = sum(len(codec.encode([item])) - len("81") for item in value)
    assert len(codec.encode(value)) <= len("8999") + 1 + len(str(len(value))) + alone


@given(values, values)
def test_a_value_does_not_change_what_the_next_one_becomes(first: Any, second: Any) -> None:
    before = codec.encode(second)
    codec.encode(first)
    assert codec.encode(second) == before


@given(values)
def test_a_reader_claims_no_more_items_than_the_digits_can_carry(value: Any) -> None:
    assert count_items(value) <= ITEMS_PER_DIGIT * len(codec.encode(value))


@given(digit_strings | st.text(max_size=40) | digit_strings.map(lambda text: "0" + text))
def test_decoding_anything_raises_nothing_but_its_own_error(text: str) -> None:
    with contextlib.suppress(DecodeError):
        assert count_items(codec.decode(text)) <= ITEMS_PER_DIGIT * len(text)


@given(values, st.lists(st.tuples(st.integers(0, 300), st.sampled_from("0123456789")), min_size=1, max_size=3))
def test_flipped_digits_raise_nothing_but_a_decode_error(value: Any, flips: list[tuple[int, str]]) -> None:
    text = codec.encode(value)
    for place, digit in flips:
        text = text[:place] + digit + text[place + 1 :]
    with contextlib.suppress(DecodeError):
        codec.decode(text)


@given(values.flatmap(lambda value: st.tuples(st.just(value), st.integers(0, len(codec.encode(value)) - 1))))
def test_digits_cut_short_are_refused(cut: tuple[Any, int]) -> None:
    value, size = cut
    with pytest.raises(DecodeError):
        codec.decode(codec.encode(value)[:size])


@given(values, digit_strings.filter(bool))
def test_digits_that_go_on_are_refused(value: Any, more: str) -> None:
    with pytest.raises(DecodeError):
        codec.decode(codec.encode(value) + more)


def test_nan_and_infinities_survive() -> None:
    assert math.isnan(codec.decode(codec.encode(math.nan)))
    assert codec.decode(codec.encode([math.inf, -math.inf])) == [math.inf, -math.inf]


@pytest.mark.parametrize("digits", [1, 5, 107, 108, 109, 599, 600, 601, 5000, 50_000])
def test_whole_numbers_of_any_size_come_back(digits: int) -> None:
    for number in (10**digits - 1, -(10**digits), 10**digits + 7):
        assert codec.decode(codec.encode(number)) == number


def test_equal_whole_numbers_of_any_size_come_back_from_a_list() -> None:
    for value in ([10**5000] * 2, [[10**5000, "a"], [10**5000, "b"]], [{"a": -(10**5000)}] * 3):
        assert codec.decode(codec.encode(value)) == value


@given(st.floats(1e15, 1e22) | st.floats(-1e22, -1e15))
@example(1.2843279819506447e18)
@example(-3.529380539406651e17)
def test_floats_beyond_the_whole_numbers_of_doubles_come_back(number: float) -> None:
    assert is_same(codec.decode(codec.encode(number)), number)
    assert is_same(codec.decode(codec.encode([number, "a"])), [number, "a"])


def test_minus_zero_and_whole_floats_keep_their_kind() -> None:
    back = codec.decode(codec.encode([-0.0, 0.0, 4.0, 4]))
    assert [repr(number) for number in back] == ["-0.0", "0.0", "4.0", "4"]


def test_a_moment_arrives_in_utc() -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=timezone(timedelta(hours=-7)))
    back = codec.decode(codec.encode(moment))
    assert back == moment
    assert back.tzinfo is UTC


def test_a_text_that_was_there_is_not_written_again() -> None:
    names = ["griffpatch", "pixel_otter"] * 20
    assert len(codec.encode([[name, None, [place]] for place, name in enumerate(names)])) < 40 * 14


def test_names_that_are_often_keys_take_two_digits() -> None:
    assert codec.encode({"name": 7}) == "910017"


def test_a_number_of_one_digit_does_not_look_like_msgpack() -> None:
    assert codec.encode(7) == "207"
    assert codec.decode("207") == 7
    assert codec.encode([7]) == "8117"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("half \ud83d", "lone surrogate"),
        ({"\ud83d": 1}, "lone surrogate"),
        ({1, 2}, "a set cannot be sent"),
        ({(1, 2): 3}, "cannot be a key"),
        ({None: 3}, "cannot be a key"),
        ([[object()]], "a object cannot be sent"),
        (datetime(2026, 1, 1), "has no time zone"),
        (Decimal("1E+6145"), "decimals go up to"),
        (Decimal("1E-6145"), "decimals go up to"),
        (Decimal("sNaN"), "decimals go up to"),
        (1j, "a complex cannot be sent"),
    ],
)
def test_a_value_without_a_form_is_named(value: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        codec.encode(value)


def test_values_nested_without_end_are_refused_on_both_sides() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep, 1]
    with pytest.raises(InvalidArgument, match="nested"):
        codec.encode(deep)
    with pytest.raises(DecodeError, match="nested"):
        codec.decode("81" * 100 + "17")
    with pytest.raises(DecodeError, match="nested"):
        codec.decode("81" * 100_000 + "17")
    deep.append(deep)
    with pytest.raises(InvalidArgument, match="nested"):
        codec.encode(deep)


def test_a_value_of_the_deepest_kind_that_is_written_is_read() -> None:
    deep: Any = 1
    for _ in range(64):
        deep = {"a": [deep]} if _ % 2 else [deep]
    while True:
        try:
            encoded = codec.encode(deep)
        except InvalidArgument:
            deep = deep[0] if isinstance(deep, list) else deep["a"]
        else:
            break
    assert codec.decode(encoded) == deep


def is_same(back: Any, value: Any) -> bool:
    """Equal in value and type, the bits of floats and the zeros of decimals included."""
    if isinstance(value, float | Decimal):
        return repr(back) == repr(value)
    if isinstance(value, list):
        return isinstance(back, list) and len(back) == len(value) and all(map(is_same, back, value))
    if isinstance(value, dict):
        return (
            isinstance(back, dict)
            and list(map(repr, back)) == list(map(repr, value))
            and all(map(is_same, back.values(), value.values()))
        )
    return type(back) is type(value) and bool(back == value)


def count_items(value: Any) -> int:
    if isinstance(value, list):
        return len(value) + sum(map(count_items, value))
    if isinstance(value, dict):
        return len(value) + sum(map(count_items, value.values()))
    return 0
