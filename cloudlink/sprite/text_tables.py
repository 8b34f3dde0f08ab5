"""The tables by which the companion sprite reads and writes texts, made of those of cloudlink/codec/text_table.py."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from cloudlink.codec.text_escapes import WINDOWS
from cloudlink.codec.text_table import COMMON, ESCAPED, RARE, START, TextTable
from cloudlink.sprite.perfect_hash import factors
from cloudlink.sprite.source import Table

COSTUMED_ASCII = " etaoinshrldcumwfgypbvk.,'I?!jxqzTSAWHYMBCONDPLEGRFJUKVQZX0123456789-:\"()/;*&$%+=#@_<>[]{}|~^`\\"
"""Printable ASCII, what is frequent first: Scratch looks for a costume from the first one on."""

FIRST_UNIT = 2
"""The number of the first costume of a character; the one before is for none."""


def text_tables(table: TextTable) -> Mapping[str, Table]:
    """The tables that the sprite's manifest names, without those of its characters.

    Tokens: "text tokens", "text classes". A rare token has a number of its own, the last one, with no text and the
    class of the common code; the special tokens have the class 0, with which the sprite's loops end.

    Codes, an item for each class, the common code last: "limits of two" and the like: below the limit is what begins
    with a whole code of so many digits, at most, and with the offset it is the place of a token in "text symbols". So
    that two digits are always a place, a code of one digit stands there ten times. The common code has four digits for
    each token, and with the offset it is the token itself. "text limits" and "text offsets" hold the same for each
    width in turn, where codes of one digit have another place. "rare codes" are the digits of `RARE`.

    For finding the code of a token, a row for each class and width, all classes for one width after the other:
    "code widths", "first codes" of a width, their number "code counts", in "code places" what is to be added to a code
    for its place in "text symbols"; "factor counts" and "factor places" tell which of "code factors" is a token's. A
    code of that width is then the first one and ``token * factor % 10007 % count``; see perfect_hash.py.

    "text specials": four special tokens, two classes.

    For writing: "costume units", the numbers of costumes that tokens know; "tree shared", how many letters each of the
    tokens in the tree, which come first, shares with the one before; the thick part of the tree. "single codes" and
    "single tokens" are the tokens of one other character, by its number.

    Raises:
        ValueError: the table is not one that `tools.train_text` has put into the sprite's order, or has codes of more
            than four digits.
    """
    tree = tree_tokens(table.tokens)
    if tree != list(table.tokens[: len(tree)]) or table.lengths[COMMON] != _COMMON_LENGTHS:
        raise ValueError("the table is not in the sprite's order: make it with `python -m tools.train_text`")
    if any(any(counts[_LONGEST:]) for counts in table.lengths):
        raise ValueError(f"the table has codes of more than {_LONGEST} digits, which the sprite would not end reading")
    specials = [table.end, table.characters, table.window, table.pack]
    rare = len(table.tokens) + 1
    common = len(table.lengths)
    symbols: list[int] = []
    rows = [
        _row([rare if one == RARE else one for one in table.symbols[code]], table.lengths[code], symbols)
        for code in range(COMMON + 1, common)
    ]
    all_tokens = limits_and_offsets(_COMMON_LENGTHS, 0)
    widths = [[row[width] for row in [*rows, all_tokens]] for width in range(_LONGEST)]
    singles = {
        ord(token): number
        for number, token in enumerate(table.tokens, 1)
        if len(token) == 1 and not (token.isascii() and token.isprintable())
    }
    return {
        "text tokens": [*table.tokens, ""],
        "text classes": [
            *(0 if number in specials else after for number, after in enumerate(table.classes, 1)),
            common,
        ],
        "limits of one": [10 * limit for limit, _ in widths[0]],
        **{f"limits of {name}": [limit for limit, _ in widths[width - 1]] for name, width in _QUICK.items()},
        **{f"offsets of {name}": [offset for _, offset in widths[width - 1]] for name, width in _QUICK.items()},
        "text limits": [limit for row in widths for limit, _ in row],
        "text offsets": [offset for row in widths for _, offset in row],
        "text symbols": symbols,
        "text specials": [*specials, START, ESCAPED],
        "window starts": WINDOWS,
        "single codes": list(singles),
        "single tokens": list(singles.values()),
        "costume units": [0] * (FIRST_UNIT - 1) + list(range(FIRST_UNIT, _UNITS)),
        **_thick_branches(tree),
        "tree shared": "".join(_SHARED[_shared(*pair)] for pair in itertools.pairwise(["", *tree])),
        "rare codes": [dict(table.codes(code))[RARE] for code in range(COMMON + 1, common)],
        **_codes_of_tokens(table.lengths[COMMON + 1 :], rows, symbols),
    }


_LONGEST = 4
"""Most digits of a code in the standard table."""

_COMMON_LENGTHS = [0, 0, 0, 10_000, 0, 0, 0]


def limits_and_offsets(lengths: Sequence[int], place: int) -> list[tuple[int, int]]:
    """The limit and the offset of each width of a code whose symbols stand in a list behind `place`."""
    found, first = [], 0
    for count in lengths:
        first *= 10
        found.append((first + count, place + 1 - first))
        first += count
        place += count
    return found


_QUICK = {"two": 2, "three": 3, "four": 4}
"""The widths that the sprite looks up at once."""


def _row(own: Sequence[int], lengths: Sequence[int], symbols: list[int]) -> list[tuple[int, int]]:
    """Add the symbols of a code to all symbols; return the limit and the offset of each width."""
    ones, twos = own[: lengths[0]], own[lengths[0] : lengths[0] + lengths[1]]
    place = len(symbols)
    symbols += ones
    symbols += [symbol for symbol in ones for _ in range(10)]
    symbols += [*twos, *own[len(ones) + len(twos) :]]
    limits = limits_and_offsets(lengths, place + 10 * len(ones))
    return [(len(ones), place + 1), *limits[1:]]


_WIDTHS = (3, 2, 1, 4)
"""In this order the sprite looks for the code of a token: most have three digits."""


def _codes_of_tokens(
    lengths: Sequence[Sequence[int]], rows: Sequence[Sequence[tuple[int, int]]], symbols: Sequence[int]
) -> Mapping[str, Table]:
    """By what the sprite finds the code of a token in each class; `rows` are limits and offsets in `symbols`."""
    columns: dict[str, list[int]] = {name: [] for name in _CODE_COLUMNS}
    found: list[int] = []
    for width in _WIDTHS:
        for counts, row in zip(lengths, rows, strict=True):
            count, (limit, offset) = counts[width - 1], row[width - 1]
            first = limit - count
            some = factors(symbols[first + offset - 1 : limit + offset - 1])
            fields = (width, first, count, offset, len(some), len(found) + 1) if count else (width, *_NO_CODES)
            for name, value in zip(_CODE_COLUMNS, fields, strict=True):
                columns[name].append(value)
            found += some
    return {**columns, "code factors": found}


_CODE_COLUMNS = ("code widths", "first codes", "code counts", "code places", "factor counts", "factor places")

_NO_CODES = (0, 1, -100_000, 1, 0)
"""What stands in the columns after the width where no code has it: with this, no token is found."""


_SHARED = "0123456789abcdefghijk"


def _shared(before: str, token: str) -> int:
    """With how many equal letters two texts begin."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, token, strict=False))
    return sum(1 for _ in pairs)


def tree_tokens(tokens: Sequence[str]) -> list[str]:
    """The tokens that the sprite writes by its tree, those of printable ASCII, in the order of costumes."""
    ascii_tokens = [token for token in tokens if token and token.isascii() and token.isprintable()]
    return sorted(ascii_tokens, key=lambda token: [COSTUMED_ASCII.index(letter) for letter in token])


_THICK = 100
"""A branch of the tree with more tokens than this is in the tables, as growing it would take the sprite too long."""


def _thick_branches(tree: Sequence[str]) -> Mapping[str, Table]:
    """The tree as the sprite would have it after all its thick branches have grown; see "grow branch" there.

    "pair branches" has a row for each unit of a first letter, and in it the branch for each unit of a second one.
    """
    numbers = {token: number for number, token in enumerate(tree, 1)}
    places: list[str | int] = []
    tokens: list[str | int] = []
    branch_tokens: list[str | int] = []
    surplus: list[str | int] = []
    starts: list[str | int] = []
    ends: list[str | int] = []

    def add(start: int, end: int, depth: int, token: int, more: int) -> int:
        ends_here = depth > 0 and len(tree[start]) == depth
        places.append("")
        tokens.append(_NONE)
        branch_tokens.append(numbers[tree[start]] if ends_here else token)
        surplus.append(0 if ends_here else more)
        starts.append(start + 1 + ends_here)
        ends.append(end)
        return len(places)

    def unit(token: str, at: int) -> int:
        return COSTUMED_ASCII.index(token[at]) + FIRST_UNIT

    pairs = [add(0, 0, 0, 0, -2)] * (_UNITS * _UNITS)
    places[-1] = _NOWHERE
    growing: list[tuple[int, int]] = []
    for letter in COSTUMED_ASCII:
        start = unit(letter, 0) * _UNITS
        pairs[start : start + _UNITS] = [add(0, 0, 0, numbers[letter], -1)] * _UNITS
        tokens[-1], places[-1] = numbers[letter], _NOWHERE
    for pair, some in itertools.groupby(range(len(tree)), key=lambda at: tree[at][:2]):
        if len(pair) == 2:
            row = list(some)
            new = add(row[0], row[-1] + 1, 2, numbers[pair[0]], -1)
            pairs[unit(pair, 0) * _UNITS + unit(pair, 1)] = new
            growing.append((new, 2))
    owners: list[str | int] = []
    branches: list[str | int] = []
    for branch, depth in growing:
        rest = range(int(starts[branch - 1]) - 1, int(ends[branch - 1]))
        if len(rest) <= _THICK:
            continue
        tokens[branch - 1] = branch_tokens[branch - 1]
        children = [list(some) for _, some in itertools.groupby(rest, key=lambda at: tree[at][depth])]
        first, last = (unit(tree[children[at][0]], depth) for at in (0, -1))
        places[branch - 1] = place = len(owners) + 1 - first
        owners += [0] * (last - first + 1)
        branches += [0] * (last - first + 1)
        for child in children:
            more = int(surplus[branch - 1]) - 1
            new = add(child[0], child[-1] + 1, depth + 1, int(branch_tokens[branch - 1]), more)
            at = place + unit(tree[child[0]], depth) - 1
            owners[at], branches[at] = branch, new
            growing.append((new, depth + 1))
    return {
        "pair branches": pairs,
        "tree places": places,
        "tree tokens": tokens,
        "tree surplus": surplus,
        "branch tokens": branch_tokens,
        "tree starts": starts,
        "tree ends": ends,
        "tree owners": owners,
        "tree branches": branches,
    }


_UNITS = FIRST_UNIT + len(COSTUMED_ASCII)
"""The units of letters that tokens know end before this; 0 is for all others, and for the end of the text."""

_NONE = -1
"""The token of a branch that has not grown."""

_NOWHERE = -100_000
"""The place of the branch of a letter that no token begins with: no place at all."""
