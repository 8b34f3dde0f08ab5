"""The tables of the companion sprite that are made rather than typed: its characters, and those of the text codec.

Scratch has no block that turns a character into a number or back. A number becomes a character by taking a letter
of a long text; a character becomes a number by its costume, or by halving with `<`, which compares by code but takes
capital letters for small ones.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Mapping, Sequence

from cloudlink.codec.names import NAMES
from cloudlink.codec.ranges import COMMON as COMMON_RANGES
from cloudlink.codec.text_escapes import WINDOWS
from cloudlink.codec.text_table import COMMON, ESCAPED, LONGEST, RARE, START, TextTable, text_table
from cloudlink.sprite.language_tables import language_tables

_SURROGATES = range(0xD800, 0xE000)

_BACKSPACE = "\b"
"""Scratch removes this character from a project when it loads it; its place is taken by U+FFFD."""


Table = str | Sequence[str | int]


def sprite_tables() -> Mapping[str, Table]:
    """The tables that the manifest of the companion sprite names.

    - characters: all characters of one UTF-16 unit, in order, the surrogates left out.
    - high surrogates, low surrogates: 1,024 characters of two units each; the first units of the ones are all high
      surrogates in order, the second units of the others all low ones. (A half alone is not allowed in a file.)
    - costumes: characters that get a costume: printable ASCII, and all capital letters.
    - costume codes: their numbers.
    - run starts, run ends: places in `characters`, from 1, between which `<` compares as the codes do.
    - text tokens, classes, limits, offsets, symbols, specials; window starts: see `_text_tables`.
    - names: of keys that are written in two digits.
    - range starts, range sizes: the ranges that are written in one digit.
    - single codes, single tokens: the tokens of one character outside ASCII, by the number of this character.
    """
    units = [chr(code) for code in range(0x10000) if code not in _SURROGATES]
    costumes = _costumes()
    runs = _runs(units)
    return {
        "characters": "".join(units).replace(_BACKSPACE, "\ufffd"),
        "high surrogates": "".join(chr(0x10000 + 0x400 * index) for index in range(0x400)),
        "low surrogates": "".join(chr(0x10000 + index) for index in range(0x400)),
        "costumes": costumes,
        "costume codes": [str(ord(character)) for character in costumes],
        "run starts": [str(start + 1) for start, _ in runs],
        "run ends": [str(end) for _, end in runs],
        **_text_tables(text_table()),
        **language_tables(),
        "names": NAMES,
        "range starts": [numbers[0] for numbers in COMMON_RANGES.values()],
        "range sizes": [len(numbers) for numbers in COMMON_RANGES.values()],
    }


def _text_tables(table: TextTable) -> Mapping[str, Table]:
    """The tables of the text codec.

    For each width of 1 to `LONGEST` digits and each code, the common one last, there is a limit and an offset: what is
    below the limit is a symbol's digits, and with the offset it is the symbol's place in the list of symbols, from 1.
    (In the common code it is the token itself, which needs no list.) The special tokens have the class 0, with which
    the sprite's loop ends.

    For writing: "tree order" and "tree shared", the tokens in the order of their letters, and how many letters each
    shares with the one before. "rare codes", "code sizes" and "code places" have an item for each class: the digits of
    `RARE`; how many places its codes spread over when the sprite lists them; a place
    before all, as it has not.
    """
    rows: list[list[tuple[int, int]]] = []
    place = 0
    for lengths in table.lengths[COMMON + 1 :]:
        rows.append(_limits(lengths, place))
        place += sum(lengths)
    rows.append(_limits(table.lengths[COMMON], 0))
    specials = [table.end, table.characters, table.window, table.pack]
    tree = _tree_tokens(table.tokens)
    numbers = {token: number for number, token in enumerate(table.tokens, 1)}
    singles = {
        ord(token): number
        for number, token in enumerate(table.tokens, 1)
        if len(token) == 1 and not (token.isascii() and token.isprintable())
    }
    return {
        "text tokens": table.tokens,
        "text classes": [0 if number in specials else after for number, after in enumerate(table.classes, 1)],
        "text limits": [row[width][0] for width in range(LONGEST) for row in rows],
        "text offsets": [row[width][1] for width in range(LONGEST) for row in rows],
        "text symbols": list(itertools.chain(*table.symbols[COMMON + 1 :])),
        "text specials": [*specials, START, ESCAPED],
        "window starts": WINDOWS,
        "single codes": list(singles),
        "single tokens": list(singles.values()),
        **_thick_branches(tree, numbers),
        "tree order": [numbers[token] for token in tree],
        "tree shared": "".join(_SHARED[_shared(*pair)] for pair in itertools.pairwise(["", *tree])),
        "rare codes": [dict(table.codes(code))[RARE] for code in range(COMMON + 1, len(table.lengths))],
        "code sizes": [2 * len(symbols) + 1 for symbols in table.symbols[COMMON + 1 :]],
        "code places": [-10_000] * (len(table.lengths) - 1),
    }


def _limits(lengths: Sequence[int], place: int) -> list[tuple[int, int]]:
    """The limit and the offset of each width of a code whose symbols stand in the list behind `place`."""
    found, first = [], 0
    for count in lengths:
        first *= 10
        found.append((first + count, place + 1 - first))
        first += count
        place += count
    return found


_SHARED = "0123456789abcdefghijk"


def _shared(before: str, token: str) -> int:
    """With how many equal letters two texts begin."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, token, strict=False))
    return sum(1 for _ in pairs)


def _tree_tokens(tokens: Sequence[str]) -> list[str]:
    """The tokens that the sprite writes by its tree, those of printable ASCII, in the order of costumes."""
    ascii_tokens = [token for token in tokens if token and token.isascii() and token.isprintable()]
    return sorted(ascii_tokens, key=lambda token: [_COSTUMED_ASCII.index(letter) for letter in token])


_THICK = 100
"""A branch of the tree with more tokens than this is in the tables, as growing it would take the sprite too long."""


def _thick_branches(tree: Sequence[str], numbers: Mapping[str, int]) -> Mapping[str, Table]:
    """The tree as the sprite would have it after all its thick branches have grown; see "grow branch" there."""
    places: list[str | int] = []
    tokens: list[str | int] = []
    branch_tokens: list[str | int] = []
    starts: list[str | int] = []
    ends: list[str | int] = []
    owners: list[str | int] = []
    branches: list[str | int] = []

    def add(start: int, end: int, depth: int, token: int) -> int:
        ends_here = len(tree[start]) == depth
        places.append("")
        tokens.append(0)
        branch_tokens.append(numbers[tree[start]] if ends_here else token)
        starts.append(start + 1 + ends_here)
        ends.append(end)
        return len(places)

    growing = [(add(0, len(tree), 0, 0), 0)]
    for branch, depth in growing:
        row = range(int(starts[branch - 1]) - 1, int(ends[branch - 1]))
        if len(row) <= _THICK:
            continue
        tokens[branch - 1] = branch_tokens[branch - 1]
        children = [list(some) for _, some in itertools.groupby(row, key=lambda at: tree[at][depth])]
        units = [_COSTUMED_ASCII.index(tree[child[0]][depth]) + _FIRST_UNIT for child in children]
        place = len(owners) + 1 - units[0]
        places[branch - 1] = place
        for unit, child in zip(units, children, strict=True):
            gap = [0] * (place + unit - 1 - len(owners))
            owners += [*gap, branch]
            new = add(child[0], child[-1] + 1, depth + 1, int(branch_tokens[branch - 1]))
            branches += [*gap, new]
            growing.append((new, depth + 1))
    return {
        "tree places": places,
        "tree tokens": tokens,
        "branch tokens": branch_tokens,
        "tree starts": starts,
        "tree ends": ends,
        "tree owners": owners,
        "tree branches": branches,
    }


_FIRST_UNIT = 2
"""The number of the first costume of a character; the one before is for none."""

_COSTUMED_ASCII = " etaoinshrldcumwfgypbvk.,'I?!jxqzTSAWHYMBCONDPLEGRFJUKVQZX0123456789-:\"()/;*&$%+=#@_<>[]{}|~^`\\"
"""Printable ASCII, what is frequent first: Scratch looks for a costume from the first one on."""


def _costumes() -> list[str]:
    """Printable ASCII, and all that differs from its small letter, as far as it is one UTF-16 unit."""
    capitals = [letter for code in range(0x80, 0x10000) if (letter := chr(code)).lower() != letter]
    return [*_COSTUMED_ASCII, *capitals]


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
