"""The forms that handlers' answers take, as a project's list."""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Any

import pytest
from classic_sprite import ClassicSprite
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.classic.answers import encode_answer, encode_error
from cloudlink.classic.packet import Content, pack
from cloudlink.errors import RequestError

ALPHABET = "1234567890 aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ*/.,!\"§$%_-(´)`?@#~;:+&|^'"

texts = st.text(ALPHABET, min_size=1, max_size=200)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


class Colour(Enum):
    RED = 1


def shown(content: Content) -> list[str]:
    """What the sprite makes of it."""
    sprite = ClassicSprite(Random(0))
    request = sprite.ask("x")
    sprite.frame(now=0.0)
    for number, value in enumerate(pack(content, request, capacity=256)):
        sprite.receive(f"FROM_HOST_{number % 9 + 1}", value)
        sprite.frame(now=1.0)
    assert sprite.status == "DONE"
    return sprite.response


def test_a_whole_number_of_any_size_is_shown_with_all_its_digits() -> None:
    digits = "1" + "0" * 5000
    assert shown(encode_answer(10**5000, numbers=True)) == [digits]
    assert shown(encode_answer([-(10**5000), {"a": 10**5000}], numbers=True)) == [f"-{digits}", f"(a: {digits})"]


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("pong", ["pong"]),
        ("", ["-"]),
        ("two\nlines", ["two", "lines"]),
        ("two\r\nlines\r\n", ["two", "lines"]),
        ("007", ["007"]),
        (" 12 ", [" 12 "]),
        ("1_000", ["1_000"]),
        ("٣", ["?"]),
        (0, ["0"]),
        (-5, ["-5"]),
        (10**600, ["1" + "0" * 600]),
        (3.5, ["3.5"]),
        (3.0, ["3"]),
        (-0.0, ["0"]),
        (1e21, ["1e+21"]),
        (float("nan"), ["NaN"]),
        (float("-inf"), ["-Infinity"]),
        (True, ["True"]),
        (None, [""]),
        ([], [""]),
        ((), [""]),
        ({}, [""]),
        (["one", 2, None, 2.5, True, ""], ["one", "2", "None", "2.5", "True", ""]),
        (("a", "b"), ["a", "b"]),
        (["a\nb", "c"], ["a?b", "c"]),
        ([[1, 2], {"a": [3]}], ["(1, 2)", "(a: (3))"]),
        ({"name": "Ann", "points": 3.0}, ["name: Ann", "points: 3"]),
        (b"\x00\xff", ["00ff"]),
        ("a[b]é😀", ["a?b???"]),
        (Colour.RED, ["Colour.RED"]),
    ],
)
def test_each_kind_of_answer_has_its_form(value: Any, items: list[str]) -> None:
    assert shown(encode_answer(value, numbers=True)) == items
    if not (isinstance(value, str) and not value):
        assert shown(encode_answer(value, numbers=False)) == items


@given(texts)
def test_a_text_of_the_alphabet_arrives_as_it_is(text: str) -> None:
    assert shown(encode_answer(text, numbers=True)) == [text]


@given(st.lists(st.text(ALPHABET, max_size=30), min_size=1, max_size=20))
def test_a_list_arrives_item_for_item(items: list[str]) -> None:
    assert shown(encode_answer(items, numbers=True)) == items


@given(st.integers(min_value=0))
def test_a_whole_number_goes_out_as_it_is_where_the_sprite_reads_that(number: int) -> None:
    assert encode_answer(number, numbers=True) == Content(str(number), plain=True)
    assert not encode_answer(number, numbers=False).plain
    assert shown(encode_answer(number, numbers=False)) == [str(number)]


@given(anything, st.booleans())
def test_every_value_has_a_form_of_digits_that_the_sprite_can_show(value: Any, numbers: bool) -> None:
    content = encode_answer(value, numbers=numbers)
    assert content.digits
    assert content.digits.isdigit()
    assert shown(content)


@given(st.text(max_size=20), st.text(max_size=100))
def test_an_error_is_two_items_of_which_projects_know_the_first(name: str, text: str) -> None:
    items = shown(encode_error(name, RequestError(text, 404)))
    assert len(items) == 2
    assert items[0].startswith("Error in request")


def test_an_error_says_what_was_wrong() -> None:
    error = RequestError("there is no request called 'lood'", 404)
    assert shown(encode_error("lood", error)) == ["Error in request lood", "there is no request called 'lood'"]
