from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import digit_strings, texts

from cloudlink.codec import text
from cloudlink.codec.text_table import dump, load, text_table
from cloudlink.errors import DecodeError, InvalidArgument


@given(texts, digit_strings, digit_strings)
def test_every_text_comes_back_from_among_other_digits(written: str, before: str, behind: str) -> None:
    digits = text.encode(written)
    assert text.decode(before + digits + behind, len(before)) == (written, len(before + digits))


@given(texts)
def test_a_text_consists_of_digits(written: str) -> None:
    assert set(text.encode(written)) <= set("0123456789")


@given(texts.flatmap(lambda written: st.tuples(st.just(written), st.integers(0, len(text.encode(written)) - 1))))
def test_a_text_cut_short_is_refused(cut: tuple[str, int]) -> None:
    written, size = cut
    with pytest.raises(DecodeError):
        text.decode(text.encode(written)[:size])


@given(digit_strings | st.text(max_size=60))
def test_decoding_anything_raises_nothing_but_its_own_error(digits: str) -> None:
    with contextlib.suppress(DecodeError):
        decoded, place = text.decode(digits)
        assert place <= len(digits)
        assert len(decoded) <= 20 * place


@pytest.mark.parametrize("written", ["\ud83d", "half \ude00", "\udfff!"])
def test_half_a_surrogate_pair_is_refused(written: str) -> None:
    with pytest.raises(InvalidArgument, match="lone surrogate"):
        text.encode(written)


def test_the_table_survives_its_file() -> None:
    assert load(dump(text_table())) == text_table()
