from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import digit_strings

from cloudlink.codec.classic import ITEM_END, Encoding
from cloudlink.errors import DecodeError, InvalidArgument

ALPHABET = "1234567890 aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ*/.,!\"§$%_-(´)`?\n@#~;:+&|^'"

# What scratchattach 2.2.6 put into cloud variables, and what its sprite put there in Scratch's machine.
CAPTURED = {
    "pong": "51494733",
    "-5": "8314",
    "12.5": "10117514",
    "True": "60556129",
    "one\ntwo\nthree\n": "4947298959654989593555292989",
    "echo&Hello World": "29253549963629434349206649554327",
    "echo&AaZz 0189 !?": "2925354996222172712019101718207788",
}


@pytest.mark.parametrize(("text", "digits"), CAPTURED.items())
def test_digits_are_those_of_the_incumbent(text: str, digits: str) -> None:
    assert Encoding.encode(text) == digits
    assert Encoding.decode(digits) == text


def test_each_character_of_the_alphabet_has_its_code() -> None:
    assert [Encoding.encode(character) for character in ALPHABET] == [str(code) for code in range(10, 100)]
    assert Encoding.encode("\n") == ITEM_END


def test_numbers_are_encoded_as_they_are_printed() -> None:
    assert Encoding.encode(-2.5) == Encoding.encode("-2.5")
    assert Encoding.decode(int(Encoding.encode(17))) == "17"


@given(st.text(ALPHABET, max_size=200))
def test_what_the_alphabet_has_comes_back(text: str) -> None:
    assert Encoding.decode(Encoding.encode(text)) == text


@given(st.text(max_size=40), st.text(ALPHABET, max_size=2))
def test_any_other_character_is_refused_or_replaced_when_asked(text: str, replace: str) -> None:
    carried = "".join(character if character in ALPHABET else replace for character in text)
    assert Encoding.decode(Encoding.encode(text, replace=replace)) == carried
    if set(text) <= set(ALPHABET):
        assert Encoding.decode(Encoding.encode(text)) == text
    else:
        with pytest.raises(InvalidArgument, match="alphabet has no"):
            Encoding.encode(text)


@pytest.mark.parametrize("character", [*"<=>[\\]{}", "\t", "\r", "\0", "é", "ÿ", "?é", "€", "😀", "\ud83d"])
def test_a_character_that_it_cannot_carry_is_named_with_its_place(character: str) -> None:
    with pytest.raises(InvalidArgument, match=r"character [23] of the text"):
        Encoding.encode("ab" + character)


def test_the_incumbents_loss_can_be_had_by_asking_for_it() -> None:
    assert Encoding.encode("a[b]é", replace=" ") == "2120232020"
    with pytest.raises(InvalidArgument):
        Encoding.encode("a[b]é", replace="[")


@given(digit_strings | st.text(max_size=40))
def test_decoding_anything_gives_what_encodes_to_it_or_a_decode_error(digits: str) -> None:
    with contextlib.suppress(DecodeError):
        assert Encoding.encode(Encoding.decode(digits)) == digits


@pytest.mark.parametrize("digits", ["1", "123", "09", "2100", "-12", "1 2", "ab", "12.5", "٣٣"])
def test_digits_that_no_text_has_are_refused(digits: str) -> None:
    with pytest.raises(DecodeError):
        Encoding.decode(digits)
