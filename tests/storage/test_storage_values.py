"""What goes into a store comes out of it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudlink.errors import DecodeError, InvalidArgument, ValueTooLong
from cloudlink.storage.values import (
    MAX_DEPTH,
    MAX_KEY_BYTES,
    MAX_VALUE_BYTES,
    decode,
    decode_key,
    decode_score,
    encode,
    encode_key,
    encode_score,
)

any_text = st.text(st.characters(categories=None))  # lone surrogates and NUL too
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text | st.binary()
keys = any_text | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["$int", "$bytes", "$dict"])
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types all the way down: 1, 1.0 and True are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    return bool(one == other)


@given(values)
@example({"$int": "ff"})
@example({1: "one", "1": "text", 1.5: b"\xff", "$bytes": []})
@example([2**63, -(2**63), 10**6000, -0.0, math.inf, 1e22])
def test_values_come_back_equal_and_of_the_same_types(value: Any) -> None:
    text = encode(value)
    text.encode()  # every database takes it
    assert same(decode(text), value)


def test_nan_comes_back() -> None:
    assert math.isnan(decode(encode(math.nan)))


def test_tuples_come_back_as_lists_and_bytearrays_as_bytes() -> None:
    assert decode(encode(((1, 2), bytearray(b"ab")))) == [[1, 2], b"ab"]


@pytest.mark.parametrize("value", [object(), {1, 2}, [print], {"a": 1j}, {(1, 2): 3}, {b"a": 1}, {None: 1}])
def test_what_cannot_be_stored_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"cannot be (stored|a key)"):
        encode(value)


def test_the_limits_are_exact() -> None:
    assert decode(encode("x" * (MAX_VALUE_BYTES - 2))) == "x" * (MAX_VALUE_BYTES - 2)
    with pytest.raises(ValueTooLong, match="takes 1,000,001 bytes, limit 1,000,000") as caught:
        encode("x" * (MAX_VALUE_BYTES - 1))
    assert (caught.value.size, caught.value.limit) == (MAX_VALUE_BYTES + 1, MAX_VALUE_BYTES)
    assert decode_key(encode_key("é" * (MAX_KEY_BYTES // 2))) == "é" * (MAX_KEY_BYTES // 2)
    with pytest.raises(ValueTooLong, match=r"the key 'éééééééééééééééééééé'\.\.\. has 502 bytes, limit 500"):
        encode_key("é" * (MAX_KEY_BYTES // 2 + 1))


def test_deep_values_are_refused_before_they_do_harm() -> None:
    value: Any = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    assert decode(encode(value)) == value
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidArgument, match="nested more than 64 levels"):
        encode(value)


@pytest.mark.parametrize(
    "text", ["", "{", '{"$int":"x"}', '{"$bytes":"?"}', '{"$dict":[[1]]}', '{"$dict":[[[],1]]}', "[" * 100_000]
)
def test_what_others_wrote_into_the_database_is_an_error(text: str) -> None:
    with pytest.raises(DecodeError, match="is no value"):
        decode(text)


@given(any_text.filter(lambda key: len(key) < 100), any_text.filter(lambda key: len(key) < 100))
def test_keys_come_back_and_differ_from_one_another(one: str, other: str) -> None:
    assert decode_key(encode_key(one)) == one
    assert (encode_key(one) == encode_key(other)) == (one == other)


@pytest.mark.parametrize("key", [1, None, b"a", 10**6000], ids=lambda key: type(key).__name__)
def test_keys_are_texts(key: Any) -> None:
    with pytest.raises(InvalidArgument, match="a key is a text"):
        encode_key(key)


@given(st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53))
def test_scores_come_back(score: float) -> None:
    assert decode_score(encode_score(score)) == score


@pytest.mark.parametrize(
    "score", [True, "12", None, 2**53 + 1, math.inf, math.nan, 10**6000], ids=lambda score: type(score).__name__
)
def test_what_is_no_score_is_refused(score: Any) -> None:
    with pytest.raises(InvalidArgument, match="a score is a number"):
        encode_score(score)
