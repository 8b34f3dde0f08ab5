"""From the blocks of a project file back to text in Scratchers' notation: what `compiler.py` does, the other way.

A built sprite prints as text that builds the same blocks again. Of other people's sprites everything is printed that
the notation can say; a script that it cannot say is named instead, with the reason. What the text does not tell: where
things stand on the workspace, which comments are folded, and the values that lie under reporters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.sprite.blocks import (
    BLOCKS_BY_OPCODE,
    MACHINE_QUESTIONS,
    MENUS_BY_OPCODE,
    Block,
    Choice,
    Condition,
    Menu,
    Primitive,
    Shape,
    Slot,
)
from cloudlink.sprite.compiler import check_name
from cloudlink.sprite.notation import MOST_NESTED, is_number, quote

Json = Any

_DEFINITION, _CALL = "procedures_definition", "procedures_call"
_BOOLEAN_ARGUMENT = "argument_reporter_boolean"
_ARGUMENTS = ("argument_reporter_string_number", _BOOLEAN_ARGUMENT)
_SPEC_SLOT = re.compile(r"\{(\w+):\w+\}")
_PROCEDURE_SLOT = re.compile(r"(?<!\\)%[snb]")
_VARIABLE, _LIST, _BROADCAST = 12, 13, 11


@dataclass(frozen=True, slots=True)
class Printed:
    """The scripts of a sprite as text.

    Attributes:
        text: notes and scripts, a paragraph each, in the order of the file.
        left_out: why some scripts are not in it, a sentence each.
    """

    text: str
    left_out: tuple[str, ...]


def print_target(target: Mapping[str, Json]) -> Printed:
    """Return the scripts of a stage or sprite as text.

    Args:
        target: from a project file, checked by `check_targets`.
    """
    printer = _Printer(target["blocks"], target["comments"])
    paragraphs = [
        "\n".join(_comment_lines(comment.get("text", "")))
        for comment in target["comments"].values()
        if comment.get("blockId") is None and comment.get("text")
    ]
    left_out: list[str] = []
    for identifier, block in target["blocks"].items():
        if isinstance(block, list) or block.get("topLevel") is not True:
            if isinstance(block, list):
                left_out.append(f"a variable that lies alone on the workspace: {block[1:2]!r:.60}")
            continue
        try:
            paragraphs.append("\n".join(printer.script(identifier)))
        except SpriteError as error:
            left_out.append(f"the script that begins with {block.get('opcode')!r:.60}: {error}")
    return Printed("\n\n".join(paragraphs) + "\n" if paragraphs else "", tuple(left_out))


def _comment_lines(text: Json) -> list[str]:
    return [f"// {line.strip()}".rstrip() for line in str(text).split("\n")]


@dataclass(slots=True)
class _Printer:
    """Prints the scripts of one target.

    Attributes:
        blocks: id -> block.
        comments: id -> comment.
        slots: the names of the slots of the definition at hand.
        seen: blocks of the script at hand that were printed: in a sound file none is met twice.
    """

    blocks: Mapping[str, Json]
    comments: Mapping[str, Json]
    slots: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def script(self, identifier: str) -> list[str]:
        self.slots, self.seen = set(), set()
        return list(self.sequence(identifier, 0))

    def sequence(self, identifier: str | None, depth: int) -> Iterator[str]:
        while identifier is not None:
            block = self.block(identifier)
            comment = self.comments.get(block.get("comment") or "")
            if comment and comment.get("text"):
                yield from (f"{'  ' * depth}{line}" for line in _comment_lines(comment["text"]))
            yield from (f"{'  ' * depth}{line}" for line in self.statement(block, depth))
            identifier = block.get("next")

    def block(self, identifier: str) -> dict[str, Json]:
        block = self.blocks.get(identifier)
        if not isinstance(block, dict) or identifier in self.seen:
            raise SpriteError(f"a link leads to the block {identifier!r:.40}, which is missing or met twice")
        self.seen.add(identifier)
        return block

    def statement(self, block: Mapping[str, Json], depth: int) -> Iterator[str]:
        opcode = block.get("opcode")
        if depth > MOST_NESTED:
            raise SpriteError(f"more than {MOST_NESTED} blocks inside one another")
        if opcode == _DEFINITION:
            yield self.definition(block)
            return
        if opcode == _CALL:
            yield self.call(block, depth)
            return
        known = BLOCKS_BY_OPCODE.get(opcode) if isinstance(opcode, str) else None
        if known is None or known.shape not in {Shape.STACK, Shape.HAT}:
            raise SpriteError(f"the notation has no such block: {opcode!r:.60}")
        yield self.spec(known, block, depth)
        for number in range(known.bodies):
            if number:
                yield "else"
            yield from self.body(block, "SUBSTACK" if number == 0 else f"SUBSTACK{number + 1}", depth)
        if known.bodies:
            yield "end"

    def body(self, block: Mapping[str, Json], name: str, depth: int) -> Iterator[str]:
        match block["inputs"].get(name):
            case [_, str(first), *_]:
                yield from (line.removeprefix("  " * depth) for line in self.sequence(first, depth + 1))

    def spec(self, known: Block, block: Mapping[str, Json], depth: int) -> str:
        slots = {slot.name: slot for slot in known.slots}
        return _SPEC_SLOT.sub(lambda match: self.slot(slots[match[1]], block, depth), known.specs[0])

    # Slots.

    def slot(self, slot: Slot, block: Mapping[str, Json], depth: int) -> str:
        if slot.is_field:
            return self.field(slot, block)
        match block["inputs"].get(slot.name):
            case None if isinstance(slot.kind, Condition):
                return "<>"
            case [_, None, *_] if isinstance(slot.kind, Condition):
                return "<>"
            case [_, list(literal), *_]:
                return self.literal(slot, literal)
            case [_, str(identifier), *_]:
                return self.value(slot, identifier, depth)
            case _:
                raise SpriteError(f"its input {slot.name} is missing or broken")

    def field(self, slot: Slot, block: Mapping[str, Json]) -> str:
        match block["fields"].get(slot.name):
            case [str(name), *_]:
                options = slot.kind.options if isinstance(slot.kind, Choice) else {}
                return _menu(_shown(options, name))
            case _:
                raise SpriteError(f"its field {slot.name} is missing or broken")

    def literal(self, slot: Slot, literal: Sequence[Json]) -> str:
        match literal:
            case [int(code), str(name), *_] if code in {_VARIABLE, _LIST}:
                if name in self.slots:
                    raise SpriteError(f"({name}) is a slot of the definition and a variable too")
                return f"({_name(name)})"
            case [int(code), str(name), *_] if code == _BROADCAST:
                return _menu(name)
            case [int(), str() | int() | float() as value, *_]:
                return _literal(slot.kind, str(value))
            case _:
                raise SpriteError(f"its input {slot.name} has an unknown literal")

    def value(self, slot: Slot, identifier: str, depth: int) -> str:
        block = self.block(identifier)
        opcode = block.get("opcode")
        if depth > MOST_NESTED:
            raise SpriteError(f"more than {MOST_NESTED} blocks inside one another")
        if block.get("shadow") and isinstance(opcode, str) and opcode in MENUS_BY_OPCODE:
            return self.menu(MENUS_BY_OPCODE[opcode], block)
        if opcode in _ARGUMENTS:
            return self.argument(block)
        known = BLOCKS_BY_OPCODE.get(opcode) if isinstance(opcode, str) else None
        if known is None or known.shape not in {Shape.REPORTER, Shape.BOOLEAN}:
            raise SpriteError(f"the notation has no such block: {opcode!r:.60}")
        text = self.spec(known, block, depth + 1)
        return f"<{text}>" if known.shape is Shape.BOOLEAN else f"({text})"

    def menu(self, menu: Menu, block: Mapping[str, Json]) -> str:
        match block["fields"].get(menu.field):
            case [str(name), *_]:
                return _menu(_shown(menu.options, name))
            case _:
                raise SpriteError(f"the menu {menu.opcode} is broken")

    def argument(self, block: Mapping[str, Json]) -> str:
        match block["fields"].get("VALUE"):
            case [str(name), *_] if name in self.slots or name in MACHINE_QUESTIONS:
                return f"<{_name(name)}>" if block["opcode"] == _BOOLEAN_ARGUMENT else f"({_name(name)})"
            case _:
                raise SpriteError("it uses a slot outside of its definition")

    # Custom blocks.

    def definition(self, block: Mapping[str, Json]) -> str:
        match block["inputs"].get("custom_block"):
            case [_, str(identifier), *_]:
                mutation = self.block(identifier).get("mutation", {})
            case _:
                raise SpriteError("a definition without its head")
        code, names = _code(mutation), _texts(mutation, "argumentnames")
        signs = _PROCEDURE_SLOT.findall(code)
        if len(names) != len(signs):
            raise SpriteError(f"the definition of {code!r:.60} has other slots than names")
        self.slots = set(names)
        gaps = (
            f"<{_name(name)}>" if sign == "%b" else f"({_name(name)})" for name, sign in zip(names, signs, strict=True)
        )
        warp = " :: warp" if mutation.get("warp") in ("true", True) else ""
        return f"define {_filled(code, list(gaps))}{warp}"

    def call(self, block: Mapping[str, Json], depth: int) -> str:
        mutation = block.get("mutation", {})
        code, names = _code(mutation), _texts(mutation, "argumentids")
        signs = _PROCEDURE_SLOT.findall(code)
        if len(names) != len(signs):
            raise SpriteError(f"a call of {code!r:.60} has other slots than ids")
        kinds = (Condition() if sign == "%b" else Primitive(10) for sign in signs)
        gaps = [self.slot(Slot(name, kind), block, depth) for name, kind in zip(names, kinds, strict=True)]
        return _filled(code, gaps)


def _code(mutation: Mapping[str, Json]) -> str:
    code = mutation.get("proccode")
    if not isinstance(code, str) or not code.strip():
        raise SpriteError("a custom block without words")
    return code


def _texts(mutation: Mapping[str, Json], key: str) -> list[str]:
    try:
        found = json.loads(mutation.get(key) or "[]")
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise SpriteError(f"a custom block whose {key} are broken")
    return found


def _filled(code: str, gaps: Sequence[str]) -> str:
    words = [" ".join(_label(part).split()) for part in _PROCEDURE_SLOT.split(code)]
    parts = [part for pair in zip(words, [*gaps, ""], strict=True) for part in pair]
    return " ".join(filter(None, parts))


def _label(words: str) -> str:
    return re.sub(r"[\\()\[\]<>/:]", r"\\\g<0>", words)


# Literals and names.


def _literal(kind: object, text: str) -> str:
    if isinstance(kind, Primitive) and kind.numeric:
        if text and not is_number(text):
            raise SpriteError(f"a number slot holds {text!r:.60}, which is no number")
        return f"({text})"
    if isinstance(kind, Primitive):
        return f"({text})" if is_number(text) else quote(text)
    raise SpriteError(f"a literal {text!r:.60} where there is no room for one")


def _menu(name: str) -> str:
    if "\n" in name:
        raise SpriteError(f"the name {name!r:.60} has a line break")
    escaped = re.sub(r"[\\\]]", r"\\\g<0>", name)
    return f"[{escaped} v]"


def _shown(options: Mapping[str, str], stored: str) -> str:
    return next((shown for shown, value in options.items() if value == stored), stored)


def _name(name: str) -> str:
    """Write a name into round or pointed brackets.

    Raises:
        SpriteError: there it would be something else: a number, a block, or another name.
    """
    check_name(name, "name", SpriteError)
    escaped = re.sub(r"[\\()\[\]<>/:]", r"\\\g<0>", name)
    return f"{escaped[:-1]}\\v" if escaped.endswith(" v") else escaped
