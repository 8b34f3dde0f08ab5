"""The tables by which the sprite reads and writes texts, against the codes that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cloudlink.codec.text_table import COMMON, LONGEST, RARE, text_table
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.text_tables import COSTUMED_ASCII

TABLE = text_table()
TABLES: Mapping[str, Any] = sprite_tables()
CODES = range(COMMON + 1, len(TABLE.lengths))
SOURCE = Path(__file__).parents[2] / "scratch_sprites" / "source" / "1-text.blocks"


def listed(code: int) -> dict[int, int]:
    """Where the sprite's "list codes" puts each token of a class, from 0."""
    size = TABLES["code sizes"][code - 1]
    places: dict[int, int] = {}
    for token in TABLE.symbols[code]:
        place = (token or len(TABLE.tokens) + 1) * 7919 % size
        while place in places.values():
            place += 1
        places[token] = place
    return places


@pytest.mark.parametrize("code", CODES)
def test_the_listed_codes_of_each_class_end_before_the_places_that_are_made_for_them(code: int) -> None:
    made = re.search(r"item \(class\) of \[code sizes v\]\) / \((\d+)\)\) \+ \((\d+)\)\)", SOURCE.read_text())
    assert made
    at_once, more = map(int, made.groups())
    places = at_once * (round(TABLES["code sizes"][code - 1] / at_once) + more)
    assert max(listed(code).values()) < places - 1  # the one behind them has to stay empty


@pytest.mark.parametrize("code", CODES)
def test_few_tokens_have_another_place_than_their_own(code: int) -> None:
    size = TABLES["code sizes"][code - 1]
    moved = [place for token, place in listed(code).items() if place != (token or len(TABLE.tokens) + 1) * 7919 % size]
    assert len(moved) < 0.45 * len(TABLE.symbols[code])


@pytest.mark.parametrize("code", range(len(TABLE.lengths)))
def test_each_code_leads_to_its_token_by_the_table_of_its_width(code: int) -> None:
    row = (code or len(TABLE.lengths)) - 1
    rare = len(TABLE.tokens) + 1
    for token, digits in TABLE.codes(code):
        number = token or rare
        limits = [TABLES["text limits"][row + width * len(TABLE.lengths)] for width in range(LONGEST)]
        offset = TABLES["text offsets"][row + (len(digits) - 1) * len(TABLE.lengths)]
        assert int(digits) < limits[len(digits) - 1]
        assert all(int(digits[:width]) >= limits[width - 1] for width in range(1, len(digits)))
        place = int(digits) + offset
        assert number == (place if code == COMMON else TABLES["text symbols"][place - 1])


@pytest.mark.parametrize("code", range(len(TABLE.lengths)))
def test_two_three_and_four_digits_lead_to_the_same_tokens_at_once(code: int) -> None:
    row = (code or len(TABLE.lengths)) - 1
    rare = len(TABLE.tokens) + 1
    for token, digits in TABLE.codes(code):
        padded = digits.ljust(2, "5")
        for name, width in (("two", 2), ("three", 3), ("four", 4)):
            if len(padded) >= width:
                below = int(padded[:width]) < TABLES[f"limits of {name}"][row]
                assert below == (len(padded) == width)
        if len(padded) > 4:
            continue
        name = {2: "two", 3: "three", 4: "four"}[len(padded)]
        place = int(padded) + TABLES[f"offsets of {name}"][row]
        found = place if code == COMMON and len(padded) == 4 else TABLES["text symbols"][place - 1]
        assert found == (token or rare)
        if len(padded) == 2:
            assert (int(padded) < TABLES["limits of one"][row]) == (len(digits) == 1)


def test_every_letter_of_printable_ascii_is_a_token() -> None:
    assert set(COSTUMED_ASCII) <= set(TABLE.tokens)
    assert sorted(COSTUMED_ASCII) == [chr(code) for code in range(32, 127)]


def test_rare_codes_are_those_of_the_table() -> None:
    assert TABLES["rare codes"] == [dict(TABLE.codes(code))[RARE] for code in CODES]
    assert TABLES["text tokens"][-1] == ""
    assert TABLES["text classes"][-1] == len(TABLE.lengths)


def test_most_common_codes_are_the_token_less_a_number() -> None:
    above, below, less = TABLES["text specials"][7:]
    found = {token: digits for token, digits in TABLE.codes(COMMON) if above < token < below}
    assert found == {token: str(token - less) for token in range(above + 1, below)}
    assert len(found) > 0.7 * len(TABLE.tokens)
