"""Where scripts and comments stand on the workspace, so that none covers another.

Scratch measures blocks in the browser; here their size is guessed from the source, on the large side.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cloudlink.sprite.notation import Phrase, Statement

# Of the Scratch 3 editor at 100 %: a stack block is 48 high, each reporter inside another adds about 8.
_BLOCK_HEIGHT = 56
_NESTING_HEIGHT = 8
_HAT_HEIGHT = 30
_CHARACTER_WIDTH = 9
_INDENT = 16
_GAP = 60
_COLUMN_HEIGHT = 4000
# The smallest comment that the editor lets people make is 100 by 100; a line of text takes about 18.
_COMMENT_WIDTH = 360
_COMMENT_CHARACTERS = 44
_COMMENT_LINE = 18
_COMMENT_FRAME = 64
# A comment that shows its first words only, and a gap.
FOLDED_COMMENT_HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Size:
    """A box on the workspace, in its units."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Point:
    """The upper left corner of a box on the workspace."""

    x: int
    y: int


def script_size(script: Sequence[Statement]) -> Size:
    """Guess how much room a script takes, with the comments at its right side."""
    height = _HAT_HEIGHT + sum(map(statement_height, script))
    count = _comment_count(script)
    if not count:
        return Size(script_width(script), height)
    comments = comment_size(script[0].comment).height + (count - 1) * FOLDED_COMMENT_HEIGHT
    return Size(comment_offset(script) + _COMMENT_WIDTH, max(height, comments))


def script_width(script: Sequence[Statement], indent: int = 0) -> int:
    """Guess the width of the blocks of a script."""
    widths = [indent + 40 + _CHARACTER_WIDTH * len(statement.place.text) for statement in script]
    widths += [script_width(body, indent + _INDENT) for statement in script for body in statement.bodies]
    return max(widths, default=0)


def statement_height(statement: Statement) -> int:
    """Guess the height of a block with all in its mouths."""
    height = _BLOCK_HEIGHT + _NESTING_HEIGHT * _nesting(statement.phrase)
    for body in statement.bodies:
        height += 32 + max(24, sum(map(statement_height, body)))
    return height


def comment_size(text: str) -> Size:
    """Guess the size of a comment that shows all of its text."""
    lines = sum(max(1, len(textwrap.wrap(line, _COMMENT_CHARACTERS))) for line in text.split("\n"))
    return Size(_COMMENT_WIDTH, max(100, _COMMENT_FRAME + _COMMENT_LINE * lines))


def place(groups: Sequence[Sequence[Size]]) -> Iterator[Point]:
    """Give each box a place: boxes one below another in columns, each group in columns of its own."""
    x = 0
    for group in groups:
        y = width = 0
        for size in group:
            if y and y + size.height > _COLUMN_HEIGHT:
                x, y, width = x + width + _GAP, 0, 0
            yield Point(x, y)
            y, width = y + size.height + _GAP, max(width, size.width)
        x += width + _GAP if group else 0


def comment_offset(script: Sequence[Statement]) -> int:
    """Return how far right of a script its comments stand."""
    return script_width(script) + _GAP


def _nesting(phrase: Phrase) -> int:
    return max((1 + _nesting(part) for part in phrase.arguments if isinstance(part, Phrase)), default=0)


def _comment_count(script: Sequence[Statement]) -> int:
    own = sum(bool(statement.comment) for statement in script)
    return own + sum(_comment_count(body) for statement in script for body in statement.bodies)
