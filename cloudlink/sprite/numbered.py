"""Blocks that stand once for each of several numbered variables, such as ☁ TO_1, ☁ TO_2 and ☁ TO_3.

The manifest says how many there are (`[numbered]  down = 3`), and the text uses the name in braces:

    set [seen {down} v] to (☁ FROM_{down})      a block with {down} in it stands three times: with 1, with 2, with 3;
    if <(☁ FROM_{down}) > (0)> then             a C-block with all that is in its mouths
      read (☁ FROM_{down})
    end
    wait until <<(☁ FROM_{down}) > (0)> or ...>  `or ...` (and `and ...`): the condition for 1 or for 2 or for 3
    repeat ({last down})                         the last number: 3

A script whose hat, or whose definition, has a name in braces stands once for each number as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from cloudlink.sprite.blocks import label_words
from cloudlink.sprite.notation import (
    Argument,
    Document,
    Dropdown,
    Number,
    Phrase,
    Place,
    Statement,
    Text,
    is_number,
    starts_script,
)

MOST = 99

_BRACES = re.compile(r"\{([^{}]+)\}")
_LAST = "last "
_ROWS: dict[tuple[str, ...], str] = {("or", "..."): " or ", ("and", "..."): " and "}


def numbered_names(name: str, numbers: Mapping[str, int]) -> list[str]:
    """Return the names that a name in the manifest stands for; itself if it has no braces that mean anything."""
    found = sorted(set(_BRACES.findall(name)) & numbers.keys())
    if not found:
        return [name]
    counted = found[0]
    versions = (name.replace(f"{{{counted}}}", str(number)) for number in range(1, numbers[counted] + 1))
    return [one for version in versions for one in numbered_names(version, numbers)]


def repeat_numbered(document: Document, numbers: Mapping[str, int]) -> Document:
    """Return the document with each block as often as its names in braces say.

    Args:
        document: what `parse` returned.
        numbers: name -> how many there are.

    Raises:
        SpriteError: a block has two names in braces, or `...` has nothing to count.
    """
    if not numbers:
        return document
    lasts = {f"{_LAST}{name}": str(count) for name, count in numbers.items()}
    scripts = (one for script in document.scripts for one in _Filler(numbers, lasts).script(script))
    return replace(document, scripts=tuple(scripts))


@dataclass(frozen=True, slots=True)
class _Filler:
    """Puts numbers in the place of names in braces.

    Attributes:
        numbers: name -> how many there are.
        known: what is in the braces -> what takes their place.
    """

    numbers: Mapping[str, int]
    known: Mapping[str, str]

    def each(self, name: str) -> Iterator[_Filler]:
        for number in range(1, self.numbers[name] + 1):
            yield replace(self, known={**self.known, name: str(number)})

    def script(self, script: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
        counted = self.counted(script[0]) if starts_script(script[0].phrase) else None
        for filler in self.each(counted) if counted else (self,):
            yield tuple(one for statement in script for one in filler.statement(statement))

    def statement(self, statement: Statement) -> Iterator[Statement]:
        counted = self.counted(statement)
        if counted is None:
            bodies = tuple(tuple(one for inner in body for one in self.statement(inner)) for body in statement.bodies)
            yield replace(statement, phrase=self.phrase(statement.phrase, statement.place), bodies=bodies)
            return
        for filler in self.each(counted):
            yield from filler.statement(statement)
            statement = replace(statement, comment="")  # one comment is enough for all of them

    def counted(self, statement: Statement) -> str | None:
        """Return the name that tells how often this block stands, None if it stands once."""
        names = self.open_names(statement.phrase)
        if len(names) > 1:
            raise statement.place.error(
                f"two names in braces in one block: {', '.join(sorted(names))}; make two blocks"
            )
        return next(iter(names), None)

    def open_names(self, part: str | Argument) -> set[str]:
        """Return the names that still wait for a number, but for those that belong to a `...`."""
        match part:
            case str(text) | Text(text) | Number(text) | Dropdown(text):
                return {name for name in _BRACES.findall(text) if name in self.numbers and name not in self.known}
            case Phrase():
                return set() if _row(part) else set[str]().union(*map(self.open_names, part.parts))

    def phrase(self, phrase: Phrase, place: Place) -> Phrase:
        return replace(phrase, parts=tuple(self.part(part, place) for part in phrase.parts))

    def part(self, part: str | Argument, place: Place) -> str | Argument:
        match part:
            case str():
                return self.text(part)
            case Phrase() if _row(part):
                return self.row(part, place)
            case Phrase():
                filled = self.phrase(part, place)
                is_literal = filled.brackets == "(" and filled.name is not None and is_number(filled.name)
                return Number(filled.name or "") if is_literal else filled
            case _:
                return replace(part, text=self.text(part.text))

    def text(self, text: str) -> str:
        return _BRACES.sub(lambda found: self.known.get(found[1], found[0]), text)

    def row(self, phrase: Phrase, place: Place) -> Phrase:
        """Write out `<... or ...>`."""
        first = phrase.arguments[0]
        names = self.open_names(first)
        if len(names) != 1 or not isinstance(first, Phrase) or first.brackets != "<":
            raise place.error("expected a condition with one name in braces before `...`: `<<(a{n}) = (1)> or ...>`")
        terms = [filler.phrase(first, place) for filler in self.each(names.pop())]
        return reduce(lambda left, right: Phrase("<", (left, _row(phrase), right)), terms)


def _row(phrase: Phrase) -> str:
    """Return the word between the terms of a `<... or ...>`, "" for anything else."""
    match phrase.parts:
        case (first, str(label)) if not isinstance(first, str) and phrase.brackets == "<":
            return _ROWS.get(tuple(label_words(label)), "")
        case _:
            return ""
