"""The tables by which the companion sprite reads texts in language packs; scratch_sprites/source/languages.blocks."""

from __future__ import annotations

from collections.abc import Mapping

from cloudlink.codec.languages import LANGUAGES
from cloudlink.codec.text_table import COMMON, LONGEST, RARE, TextTable, text_table
from cloudlink.sprite.source import Table
from cloudlink.sprite.text_tables import limits_and_offsets


def language_tables() -> Mapping[str, Table]:
    """The tables of each pack, their names beginning with its language: "es heads", "es tokens" and so on."""
    return {
        f"{language} {name}": table
        for language, digit in LANGUAGES.items()
        for name, table in _tables_of(int(digit), text_table(language)).items()
    }


def _tables_of(digit: int, table: TextTable) -> Mapping[str, Table]:
    """The tables of a pack.

    Each code has a row of `LONGEST` limits and offsets, the common code the last one: below the limit is a whole code
    of so many digits, and with the offset it is the place of its symbol, or in the common code the token itself. The
    class of a token is where its row begins, 0 if it is a special one. `RARE` is the token behind all others: it has no
    text and the class of the common code.
    """
    rows: list[tuple[int, int]] = []
    symbols: list[int] = []
    for code in range(COMMON + 1, len(table.lengths)):
        rows += limits_and_offsets(table.lengths[code], len(symbols))
        symbols += [len(table.tokens) + 1 if one == RARE else one for one in table.symbols[code]]
    common = len(rows) + 1
    rows += limits_and_offsets(table.lengths[COMMON], 0)
    specials = [table.end, table.characters, table.window]
    special = {*specials, table.pack}
    classes = [0 if number in special else _row(code) for number, code in enumerate(table.classes, 1)]
    tokens = [*table.tokens, ""]
    return {
        "heads": [digit, len(tokens), len(symbols), len(rows), common, *specials],
        "tokens": tokens,
        "classes": [*classes, common],
        "limits": [limit for limit, _ in rows],
        "offsets": [offset for _, offset in rows],
        "symbols": symbols,
    }


def _row(code: int) -> int:
    return (code - 1) * LONGEST + 1
