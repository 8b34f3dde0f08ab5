"""The tables by which the sprite reads and writes texts, against the codes that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cloudlink.codec.text_table import COMMON, RARE, text_table
from cloudlink.sprite.perfect_hash import PRIME
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.text_tables import COSTUMED_ASCII, text_tables

TABLE = text_table()
TABLES: Mapping[str, Any] = sprite_tables()
WIDTHS = len(TABLES["text limits"]) // len(TABLE.lengths)
CODES = range(COMMON + 1, len(TABLE.lengths))
COLUMNS = ("code widths", "first codes", "code counts", "code places", "factor counts", "factor places")


def found(token: int, code: int) -> str | None:
    """The digits that the sprite's "write token" finds for a token in the code of a class, by the same steps."""
    for row in range(code - 1, len(TABLES["code widths"]), len(CODES)):
        columns = {name: TABLES[name][row] for name in COLUMNS}
        factor_place = columns["factor places"] + token % columns["factor counts"]
        factor = TABLES["code factors"][factor_place - 1] if factor_place > 0 else 0
        digits = columns["first codes"] + token * factor % PRIME % columns["code counts"]
        place = digits + columns["code places"]
        if place > 0 and TABLES["text symbols"][place - 1] == token:
            return f"{digits:0{columns['code widths']}d}"
    return None


@pytest.mark.parametrize("code", CODES)
def test_the_code_of_a_token_is_found_by_calculation(code: int) -> None:
    rare = len(TABLE.tokens) + 1
    for token, digits in TABLE.codes(code):
        assert found(token or rare, code) == digits
    others = set(range(1, rare)) - set(TABLE.symbols[code])
    assert all(found(token, code) is None for token in others)


@pytest.mark.parametrize("code", range(len(TABLE.lengths)))
def test_each_code_leads_to_its_token_by_the_table_of_its_width(code: int) -> None:
    row = (code or len(TABLE.lengths)) - 1
    rare = len(TABLE.tokens) + 1
    for token, digits in TABLE.codes(code):
        number = token or rare
        limits = [TABLES["text limits"][row + width * len(TABLE.lengths)] for width in range(WIDTHS)]
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
        symbol = place if code == COMMON and len(padded) == 4 else TABLES["text symbols"][place - 1]
        assert symbol == (token or rare)
        if len(padded) == 2:
            assert (int(padded) < TABLES["limits of one"][row]) == (len(digits) == 1)


def test_every_letter_of_printable_ascii_is_a_token() -> None:
    assert set(COSTUMED_ASCII) <= set(TABLE.tokens)
    assert sorted(COSTUMED_ASCII) == [chr(code) for code in range(32, 127)]


def test_rare_codes_are_those_of_the_table() -> None:
    assert TABLES["rare codes"] == [dict(TABLE.codes(code))[RARE] for code in CODES]
    assert TABLES["text tokens"][-1] == ""
    assert TABLES["text classes"][-1] == len(TABLE.lengths)


def test_the_common_code_is_the_number_of_the_token() -> None:
    assert all(digits == f"{token - 1:04}" for token, digits in TABLE.codes(COMMON))


def test_a_table_in_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="not in the sprite's order"):
        text_tables(replace(TABLE, tokens=[*TABLE.tokens[1:], TABLE.tokens[0]]))
    with pytest.raises(ValueError, match="arrange it first"):
        text_tables(replace(TABLE, symbols=[sorted(row) for row in TABLE.symbols]))


def test_codes_that_the_sprite_would_not_end_reading_are_refused() -> None:
    lengths = [*TABLE.lengths[:-1], [*TABLE.lengths[-1][:-1], 1]]
    with pytest.raises(ValueError, match="more than 4 digits"):
        text_tables(replace(TABLE, lengths=lengths))
