"""The table behind the text codec: its tokens, their classes, and the codes of each class.

A *token* is a short text, or one of four special ones. Every token has a *class*, and the class of the token before
chooses the code in which the next one is written. A code is a Huffman code with ten branches: each symbol has one to
`LONGEST` digits, and no symbol's digits begin with another's. It is canonical: the symbols of a code stand in
order of length, and counting up gives their digits; so the number of symbols of each length and their order say all.

Code 0 is the common one and holds every token, in the order of their numbers. The code of a class holds what often
follows tokens of that class, and `RARE`, which says that a token in the common code comes next. All codes are
complete, so any digits mean something, unless they end too early.

There is one table that everybody has, and one for each language pack (see languages.py). They are made by
`python -m tools.train_text`; sources and licences stand in text_table.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

LONGEST = 7
"""Most digits of a code."""

RARE = 0
"""The symbol that says: a token in the common code comes next. Tokens count from 1."""

COMMON = 0
"""The code of all tokens."""

START = 1
"""The class of what stands before the first token."""

ESCAPED = 2
"""The class of the tokens `characters` and `window`, and what they carry."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """Tokens and codes; numbers of tokens are from 1.

    Attributes:
        tokens: the text of each token, "" for the special ones.
        classes: the class of each token; 0 for `end` and `pack`, behind which no class is needed.
        end: number of the token that ends a text.
        characters: number of the token before characters written by their numbers.
        window: number of the token before characters of one alphabet.
        pack: number of the token before the digit of a language pack.
        lengths: for each code, how many of its symbols have 1, 2, ... `LONGEST` digits.
        symbols: for each code, its symbols in order.
    """

    tokens: Sequence[str]
    classes: Sequence[int]
    end: int
    characters: int
    window: int
    pack: int
    lengths: Sequence[Sequence[int]]
    symbols: Sequence[Sequence[int]]

    def codes(self, code: int) -> Iterator[tuple[int, str]]:
        """The symbols of a code, each with its digits."""
        return zip(self.symbols[code], canonical(self.lengths[code]), strict=True)


def canonical(lengths: Sequence[int]) -> Iterator[str]:
    """The digits of a canonical code, in order.

    Args:
        lengths: how many have 1, 2, ... digits.
    """
    value = 0
    for width, count in enumerate(lengths, 1):
        value *= 10
        for _ in range(count):
            yield f"{value:0{width}d}"
            value += 1


@cache
def text_table(language: str = "") -> TextTable:
    """The table that everybody has, or that of a language pack; it is read when it is needed first.

    Args:
        language: "" or a key of `LANGUAGES`.
    """
    name = f"language_{language}.json" if language else "text_table.json"
    return load((resources.files("cloudlink.codec") / name).read_text(encoding="utf-8"))


def load(content: str) -> TextTable:
    """The table in a JSON text that `dump` made."""
    fields = json.loads(content)
    tokens: list[str] = fields["tokens"]
    special: Mapping[str, int] = fields["special"]
    return TextTable(
        tokens,
        [int(letter, 36) for letter in fields["classes"]],
        special["end"],
        special["characters"],
        special["window"],
        special["pack"],
        fields["lengths"],
        [range(1, len(tokens) + 1), *fields["symbols"]],
    )


def dump(table: TextTable) -> str:
    """The table as JSON; the symbols of the common code, which are all tokens, go without saying."""
    special = {name: getattr(table, name) for name in ("end", "characters", "window", "pack")}
    lines = {
        "special": special,
        "classes": "".join(_BASE_36[number] for number in table.classes),
        "lengths": table.lengths,
        "symbols": table.symbols[1:],
        "tokens": table.tokens,
    }
    body = ",\n".join(
        f'"{name}": {json.dumps(content, ensure_ascii=False, separators=(",", ":"))}' for name, content in lines.items()
    )
    return f"{{\n{body}\n}}\n"


_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"
