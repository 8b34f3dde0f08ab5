r"""From text in Scratchers' block notation to a tree: no opcodes yet, only shapes and words.

The notation is the one of the Scratch forums ("scratchblocks"), in English:

    define send (text) <loud> :: warp      a custom block; "warp" is "run without screen refresh"
    if <<loud> and <(length of (text)) > (0)>> then
      say (text) for (2) seconds           // a comment on this block
    else
      set [state v] to [silent]
    end

One block a line; a C-block's lines go to its `end`, indented or not. A blank line ends a script (not inside
a C-block). `[text]` is text, `(5)` a number, `(name)` a variable, an argument or a reporter block, `<...>` a boolean
block, `[name v]` and `(name v)` menus. A backslash makes the next character plain text: needed for `\` and `]`
in text, for the ` v` at the end of a text that is no menu, and for brackets in names.

Comment lines directly above a block belong to that block, as does a comment at the end of its line; a paragraph
of comment lines alone is a note on the workspace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cloudlink.errors import SpriteError
from cloudlink.sprite.blocks import BLOCKS_BY_KEY, Key, Shape, label_words

Words = Callable[[str], list[str]]

# Deeper than any sprite that a person can read; keeps the recursion below Python's own limit.
MOST_NESTED = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the source, for messages.

    Attributes:
        file: name of the file.
        line: number of the line, from 1.
        text: the line itself.
    """

    file: str
    line: int
    text: str

    def error(self, problem: str) -> SpriteError:
        """Return an error that says what is wrong here."""
        shown = self.text if len(self.text) <= 120 else self.text[:117] + "..."
        return SpriteError(f"{self.file}, line {self.line}: {problem}\n    {shown}")


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text, `[text]`."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number, `(12.5)`, as written; `()` is the empty one."""

    text: str


@dataclass(frozen=True, slots=True)
class Dropdown:
    """A menu's value, `[name v]` or `(name v)`."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words and slots: a block, or the name of a variable or an argument.

    Attributes:
        brackets: "(" or "<", or "" for a whole line.
        parts: labels (plain text) and what is in the slots between them.
    """

    brackets: str
    parts: tuple[str | Argument, ...]

    @property
    def key(self) -> Key:
        """What a built-in block is looked up by."""
        return self._key(label_words)

    @property
    def exact_key(self) -> Key:
        """What a custom block is looked up by: its words as they are written."""
        return self._key(str.split)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What is in the slots, in order."""
        return tuple(part for part in self.parts if not isinstance(part, str))

    @property
    def name(self) -> str | None:
        """The text, if there is nothing but text."""
        match self.parts:
            case (str() as text,):
                return text.strip()
            case _:
                return None

    def _key(self, words: Words) -> Key:
        key: list[str | None] = []
        for part in self.parts:
            key += words(part) if isinstance(part, str) else [None]
        return tuple(key)


Argument = Text | Number | Dropdown | Phrase


@dataclass(frozen=True, slots=True)
class Statement:
    """A block of a script with all that hangs on it.

    Attributes:
        phrase: its words and slots.
        place: where it stands.
        comment: the comment on it, "" if none.
        bodies: the blocks in its mouths; two with an `else`.
        style: what follows `::`, "" if nothing.
    """

    phrase: Phrase
    place: Place
    comment: str = ""
    bodies: tuple[tuple[Statement, ...], ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, in the order of the file.

    Attributes:
        scripts: its scripts, each with at least one statement.
        notes: its free-standing comments.
    """

    scripts: tuple[tuple[Statement, ...], ...]
    notes: tuple[str, ...]


def parse(text: str, *, file: str) -> Document:
    """Return the scripts and notes of a file.

    Args:
        text: the content of the file.
        file: its name, for messages.

    Raises:
        SpriteError: the text is no block notation; the message says where and why.
    """
    return _Scripts([_read_line(Place(file, *line)) for line in _numbered(text)]).document()


def quote(text: str) -> str:
    """Write a text as a literal of the notation, in square brackets.

    Raises:
        SpriteError: it has a line break, which no line of the notation can hold.
    """
    if "\n" in text:
        raise SpriteError(f"text with a line break cannot be written as a block's literal: {text!r}")
    escaped = re.sub(r"[\\\]]", r"\\\g<0>", text)
    return f"[{escaped[:-1]}\\v]" if escaped.endswith(" v") else f"[{escaped}]"


def is_number(text: str) -> bool:
    """Tell whether a literal is a number to Scratch's number slots."""
    return _NUMBER.fullmatch(text) is not None


_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


def _numbered(text: str) -> list[tuple[int, str]]:
    return [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]


# Lines: from characters to phrases.


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with its blocks read; its phrase has no parts if there is only a comment or nothing."""

    place: Place
    phrase: Phrase
    style: str
    comment: str | None

    @property
    def is_blank(self) -> bool:
        return not self.phrase.parts and self.comment is None

    @property
    def is_comment(self) -> bool:
        return not self.phrase.parts and self.comment is not None

    @property
    def is_mark(self) -> bool:
        """Whether it is an `end` or an `else`, which are no blocks."""
        return self.phrase.key in {("end",), ("else",)}

    @property
    def is_hat(self) -> bool:
        return starts_script(self.phrase)

    @property
    def has_body(self) -> bool:
        return any(block.bodies for block in BLOCKS_BY_KEY.get(self.phrase.key, ()))


_OPENERS = {key[:1] for key, blocks in BLOCKS_BY_KEY.items() if any(block.bodies for block in blocks)}


def is_definition(phrase: Phrase) -> bool:
    """Tell whether a line defines a custom block."""
    return phrase.key[:1] == ("define",)


def starts_script(phrase: Phrase) -> bool:
    """Tell whether a line is a hat or a definition: nothing can stand above it."""
    found = BLOCKS_BY_KEY.get(phrase.key, ())
    return is_definition(phrase) or any(block.shape is Shape.HAT for block in found)


def _read_line(place: Place) -> _Line:
    reader = _Reader(place)
    phrase = Phrase("", reader.parts(""))
    style = reader.rest_until_comment() if reader.skip("::") else ""
    comment = reader.text[reader.at + 2 :].strip() if reader.sees("//") else None
    if style and not phrase.parts:
        raise place.error("expected a block before `::`")
    return _Line(place, phrase, style, comment)


class _Reader:
    """Reads one line from left to right."""

    CLOSING = {"(": ")", "<": ">"}  # noqa: RUF012 (a constant)

    def __init__(self, place: Place) -> None:
        self.place = place
        self.text = place.text
        self.at = 0
        self.depth = 0

    def sees(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def skip(self, text: str) -> bool:
        found = self.sees(text)
        self.at += len(text) if found else 0
        return found

    def rest_until_comment(self) -> str:
        end = self.text.find("//", self.at)
        rest, self.at = self.text[self.at : end if end >= 0 else None], end if end >= 0 else len(self.text)
        return rest.strip()

    def parts(self, closing: str) -> tuple[str | Argument, ...]:
        """Read labels and slots up to the closing bracket, or the end of the line."""
        parts: list[str | Argument] = []
        label = ""
        while self.at < len(self.text) and not self._at_end(closing, parts, label):
            character = self.text[self.at]
            if character in "([<" and not self._is_comparison(closing, parts, label):
                parts += [label] if label.strip() else []
                parts.append(self._argument(character))
                label = ""
            else:
                label += self._label_character()
        return (*parts, label) if label.strip() else tuple(parts)

    def _at_end(self, closing: str, parts: Sequence[str | Argument], label: str) -> bool:
        if not closing:
            return self.sees("//") or self.sees("::")
        return self.sees(closing) and not self._is_comparison(closing, parts, label)

    def _is_comparison(self, closing: str, parts: Sequence[str | Argument], label: str) -> bool:
        """Tell the sign of `<(a) > (b)>` from a bracket: one slot before it, and another one after it."""
        if closing != ">" or self.text[self.at] not in "<>" or len(parts) != 1 or label.strip():
            return False
        following = self.text[self.at + 1 :].lstrip()
        return not isinstance(parts[0], str) and following[:1] in {"(", "[", "<"}

    def _label_character(self) -> str:
        if self.skip("\\") and self.at == len(self.text):
            raise self.place.error("expected a character after the last `\\`")
        self.at += 1
        return self.text[self.at - 1]

    def _argument(self, bracket: str) -> Argument:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise self.place.error(f"more than {MOST_NESTED} blocks inside one another; use a variable in between")
        self.at += 1
        argument = self._square() if bracket == "[" else self._nested(bracket)
        self.depth -= 1
        return argument

    def _square(self) -> Argument:
        text, escaped = "", False
        while not self.sees("]"):
            if self.at == len(self.text):
                raise self.place.error("expected `]` before the end of the line")
            escaped = self.sees("\\")
            text += self._label_character()
        self.at += 1
        return Dropdown(text[:-2]) if text.endswith(" v") and not escaped else Text(text)

    def _nested(self, bracket: str) -> Argument:
        start = self.at
        parts = self.parts(self.CLOSING[bracket])
        if not self.skip(self.CLOSING[bracket]):
            raise self.place.error(f"expected `{self.CLOSING[bracket]}` for `{self.text[start - 1 :]}`")
        if bracket == "(" and not parts:
            return Number("")
        return self._named(Phrase(bracket, parts), self.text[start : self.at - 1])

    @staticmethod
    def _named(phrase: Phrase, written: str) -> Argument:
        name = phrase.name
        if name is None or phrase.brackets != "(":
            return phrase
        if is_number(name):
            return Number(name)
        if re.search(r"\sv\s*$", written):
            return Dropdown(name[:-1].rstrip())
        return phrase


# Scripts: from lines to statements.


class _Scripts:
    """Groups the lines of a file into scripts."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self.lines = lines
        self.at = 0
        self.depth = 0

    @property
    def line(self) -> _Line | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    def document(self) -> Document:
        scripts: list[tuple[Statement, ...]] = []
        notes: list[str] = []
        while self._skip_blank():
            comments = self._comments()
            if self.line is None or self.line.is_blank:
                notes.append("\n".join(comments))
            else:
                scripts.append(self._script(comments))
        return Document(tuple(scripts), tuple(notes))

    def _skip_blank(self) -> bool:
        while self.line is not None and self.line.is_blank:
            self.at += 1
        return self.line is not None

    def _comments(self) -> list[str]:
        comments: list[str] = []
        while self.line is not None and self.line.is_comment:
            comments.append(self.line.comment or "")
            self.at += 1
        return comments

    def _script(self, comments: list[str]) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        while self.line is not None and not self.line.is_blank:
            if self.line.is_hat and statements:
                raise self.line.place.error("expected a blank line above the start of a script")
            statements.append(self._statement(comments))
            comments = self._comments()
        return tuple(_with_last_comment(statements, comments))

    def _statement(self, comments: list[str]) -> Statement:
        line = self.lines[self.at]
        if line.is_mark:
            problem = f"`{line.phrase.key[0]}` without a block that it could belong to"
            raise line.place.error(problem + self._misspelt_opener())
        self.at += 1
        statement = Statement(
            line.phrase, line.place, "\n".join([*comments, *_present(line.comment)]), style=line.style
        )
        return self._with_bodies(statement) if line.has_body else statement

    def _misspelt_opener(self) -> str:
        """Return a hint at a line above that should have opened a body: there the mistake is."""
        for line in reversed(self.lines[: self.at]):
            if line.phrase.key[:1] in _OPENERS and line.phrase.key not in BLOCKS_BY_KEY:
                words = " ".join(word or "_" for word in line.phrase.key)
                return f"; line {line.place.line} does not open one, as no block has the words `{words}`"
        return ""

    def _with_bodies(self, opener: Statement) -> Statement:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise opener.place.error(f"more than {MOST_NESTED} blocks inside one another; use a custom block")
        opener, word = self._with_body(opener)
        if word == "else":
            opener, word = self._with_body(opener)
            if word == "else":
                raise self.lines[self.at - 1].place.error("a second `else` for the same `if`")
        self.depth -= 1
        return opener

    def _with_body(self, opener: Statement) -> tuple[Statement, str]:
        """Read to the next `end` or `else` of this block; return the block with that body, and the word."""
        statements: list[Statement] = []
        comments = self._comments_in_body()
        while not (line := self._line_of(opener)).is_mark:
            statements.append(self._statement(comments))
            comments = self._comments_in_body()
        self.at += 1
        word = line.phrase.key[0] or ""
        if word == "else" and opener.phrase.key != ("if", None, "then"):
            raise line.place.error("only `if <> then` can have an `else`")
        bodies = (*opener.bodies, tuple(_with_last_comment(statements, comments)))
        hanging = [] if statements else comments
        return _with_comment(replace(opener, bodies=bodies), [*hanging, *_present(line.comment)]), word

    def _comments_in_body(self) -> list[str]:
        """Read comments; a blank line inside a C-block means nothing."""
        comments: list[str] = []
        while self._skip_blank() and self.lines[self.at].is_comment:
            comments += self._comments()
        return comments

    def _line_of(self, opener: Statement) -> _Line:
        line = self.line
        if line is None or line.is_hat:
            before = f" before line {line.place.line}, where another script starts" if line else ""
            raise opener.place.error(f"expected an `end` for this block{before}")
        return line


def _present(comment: str | None) -> list[str]:
    return [] if comment is None else [comment]


def _with_comment(statement: Statement, comments: Sequence[str]) -> Statement:
    return replace(statement, comment="\n".join([*filter(None, [statement.comment]), *comments]))


def _with_last_comment(statements: list[Statement], comments: Sequence[str]) -> list[Statement]:
    """Hang comments that no block follows on the block above them."""
    if not statements or not comments:
        return statements
    return [*statements[:-1], _with_comment(statements[-1], comments)]
