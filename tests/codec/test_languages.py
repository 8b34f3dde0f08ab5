from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import digit_strings, texts, values

from cloudlink import codec
from cloudlink.codec import text
from cloudlink.codec.languages import LANGUAGES
from cloudlink.codec.text_table import dump, load, text_table
from cloudlink.errors import DecodeError, InvalidArgument

languages = st.sampled_from(list(LANGUAGES))

SPOKEN = {
    "es": "¡Hola! ¿Quieres jugar conmigo mañana?",
    "fr": "Salut ! Tu veux jouer avec moi demain ?",
    "de": "Hallo! Möchtest du morgen mit mir spielen?",
    "pt": "Olá! Você quer jogar comigo amanhã?",
    "ru": "Привет! Хочешь поиграть со мной завтра?",
    "ja": "こんにちは！明日一緒に遊びませんか？",
}

mixtures = st.lists(
    texts | st.sampled_from([word for phrase in SPOKEN.values() for word in phrase.split()]), max_size=8
).map(" ".join)
"""Words of all the languages, and anything else between them."""


@given(mixtures, languages, digit_strings, digit_strings)
def test_every_text_comes_back_from_every_pack(written: str, language: str, before: str, behind: str) -> None:
    digits = text.encode(written, language)
    assert text.decode(before + digits + behind, len(before), language) == (written, len(before + digits))


@given(mixtures, languages, st.data())
def test_a_text_cut_short_is_refused(written: str, language: str, data: st.DataObject) -> None:
    digits = text.encode(written, language)
    with pytest.raises(DecodeError):
        text.decode(digits[: data.draw(st.integers(0, len(digits) - 1))], 0, language)


@given(mixtures, languages, st.data())
def test_a_wrong_digit_raises_nothing_but_its_own_error(written: str, language: str, data: st.DataObject) -> None:
    digits = text.encode(written, language)
    place, digit = data.draw(st.integers(0, len(digits) - 1)), data.draw(st.sampled_from("0123456789"))
    with contextlib.suppress(DecodeError):
        decoded, end = text.decode(digits[:place] + digit + digits[place + 1 :], 0, language)
        assert len(decoded) <= 20 * end


@given(digit_strings, languages)
def test_decoding_anything_in_a_pack_raises_nothing_but_its_own_error(digits: str, language: str) -> None:
    with contextlib.suppress(DecodeError):
        codec.decode(f"097{LANGUAGES[language]}{digits}")


@given(values, st.lists(languages, max_size=3))
@example(["hola", "hola", {"hola": "adiós"}], ["es", "fr"])
def test_every_value_comes_back_in_whatever_packs_the_reader_has(value: object, packs: list[str]) -> None:
    digits = codec.encode(value, languages=packs)
    decoded = codec.decode(digits)
    assert (decoded, type(decoded)) == (value, type(value))
    assert len(digits) <= len(codec.encode(value))
    assert not digits.startswith("097") or digits[3] in {LANGUAGES[language] for language in packs}


@pytest.mark.parametrize("language", SPOKEN)
def test_a_pack_is_taken_for_its_language_only(language: str) -> None:
    standard = codec.encode(SPOKEN[language])
    in_packs = codec.encode(SPOKEN[language], languages=LANGUAGES)
    assert in_packs.startswith("097" + LANGUAGES[language])
    assert len(in_packs) < 0.8 * len(standard)
    assert codec.encode("Hello! Do you want to play with me?", languages=[language])[:1] == "7"
    assert codec.encode([1, 2, 3.5], languages=[language]) == codec.encode([1, 2, 3.5])


def test_a_language_without_a_pack_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no language pack 'xx'; there are es, fr"):
        codec.encode(7, languages=["es", "xx"])
    with pytest.raises(InvalidArgument, match="'spanish'"):
        codec.check_languages("spanish")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pack_survives_its_file_and_is_small(language: str) -> None:
    table = text_table(language)
    written = dump(table)
    assert load(written) == table
    assert len(written.encode()) < 90_000
    assert len(table.tokens) == len(set(table.tokens)) + 3  # the special ones have no text
