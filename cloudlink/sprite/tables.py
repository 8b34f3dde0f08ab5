"""The tables of the companion sprite that are made rather than typed: its characters, and those of the text codec.

Scratch has no block that turns a character into a number or back. A number becomes a character by taking a letter
of a long text; a character becomes a number by its costume, or by halving with `<`, which compares by code but takes
capital letters for small ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from cloudlink.codec.names import NAMES
from cloudlink.codec.ranges import COMMON as COMMON_RANGES
from cloudlink.codec.text_table import text_table
from cloudlink.sprite.language_tables import language_tables
from cloudlink.sprite.source import Table
from cloudlink.sprite.text_tables import COSTUMED_ASCII, text_tables

_SURROGATES = range(0xD800, 0xE000)

_BACKSPACE = "\b"
"""Scratch removes this character from a project when it loads it; its place is taken by U+FFFD."""


CHARACTER_TABLES = ("characters", "high surrogates", "low surrogates", "costume codes", "run starts", "run ends")
"""The tables that are there for all characters, rather than for what is often written."""


def sprite_tables() -> Mapping[str, Table]:
    """The tables that the manifest of the companion sprite names.

    - characters: all characters of one UTF-16 unit, in order, the surrogates left out.
    - high surrogates, low surrogates: 1,024 characters of two units each; the first units of the ones are all high
      surrogates in order, the second units of the others all low ones. (A half alone is not allowed in a file.)
    - costumes: characters that get a costume: printable ASCII, and all capital letters.
    - costume codes: their numbers.
    - run starts, run ends: places in `characters`, from 1, between which `<` compares as the codes do.
    - those of texts: see `text_tables`.
    - names: of keys that are written in two digits.
    - range starts, range sizes: the ranges that are written in one digit.
    """
    units = [chr(code) for code in range(0x10000) if code not in _SURROGATES]
    costumes = _costumes()
    runs = _runs(units)
    return {
        "characters": "".join(units).replace(_BACKSPACE, "\ufffd"),
        "high surrogates": "".join(chr(0x10000 + 0x400 * index) for index in range(0x400)),
        "low surrogates": "".join(chr(0x10000 + index) for index in range(0x400)),
        "costumes": costumes,
        "costume codes": [ord(character) for character in costumes],
        "run starts": [start + 1 for start, _ in runs],
        "run ends": [end for _, end in runs],
        **text_tables(text_table()),
        **language_tables(),
        "names": NAMES,
        "range starts": [numbers[0] for numbers in COMMON_RANGES.values()],
        "range sizes": [len(numbers) for numbers in COMMON_RANGES.values()],
    }


def _costumes() -> list[str]:
    """Printable ASCII, and all that differs from its small letter, as far as it is one UTF-16 unit."""
    capitals = [letter for code in range(0x80, 0x10000) if (letter := chr(code)).lower() != letter]
    return [*COSTUMED_ASCII, *capitals]


def _runs(units: Sequence[str]) -> list[tuple[int, int]]:
    """Stretches, from the first to behind the last, of characters that are their own small letters.

    Characters that Unicode has not assigned are left out: a later version may make capitals of them.
    """
    runs: list[tuple[int, int]] = []
    for index, unit in enumerate(units):
        if unit.lower() != unit or unicodedata.category(unit) == "Cn" or unit == _BACKSPACE:
            continue
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs
