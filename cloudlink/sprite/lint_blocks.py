"""Checks the blocks of one target: what npm's scratch-parser lets pass, and the editor breaks on or drops silently.

Everything here takes JSON that anyone may have written, after the schema has been checked: objects and arrays are
where they should be, but any id, name and opcode may be wrong.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
from cloudlink.sprite.compiler import nearest
from cloudlink.sprite.problem import Problem, doubtful, wrong

Json = Any

_DEFINITION, _PROTOTYPE, _CALL = "procedures_definition", "procedures_prototype", "procedures_call"
_PARAMETERS = {"argument_reporter_string_number": "%s", "argument_reporter_boolean": "%b"}
_PRIMITIVES = range(4, 14)
# Scratch's own extensions (scratch-vm 5.0.300, extension-manager.js): their blocks begin with these names.
_EXTENSIONS = ("pen", "music", "videoSensing", "text2speech", "translate", "makeymakey", "microbit", "ev3", "boost",
               "wedo2", "gdxfor", "speech2text", "faceSensing")  # fmt: skip
_REBUILD = "build the project again from its source, or make the block anew in the editor"
_KIND_OF_CODE = {11: "broadcast", 12: "variable", 13: "list"}
_KIND_OF_FIELD = {"VARIABLE": "variable", "LIST": "list", "BROADCAST_OPTION": "broadcast"}


@dataclass(frozen=True, slots=True)
class Names:
    """What the blocks of a target may refer to: for each kind ("variable", "list", "broadcast"), id -> name.

    Attributes:
        known: the ids.
        complete: whether there is nothing else; a sprite alone may refer to what its project will have.
    """

    known: Mapping[str, Mapping[str, str]]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Target:
    name: str
    blocks: Mapping[str, dict[str, Json]]
    costumes: frozenset[str]
    names: Names

    def place(self, identifier: str) -> str:
        block = self.blocks.get(identifier)
        return f"{self.name}, block {identifier}" + (f" ({block['opcode']})" if block else "")


def lint_blocks(target: Mapping[str, Json], names: Names) -> Iterator[Problem]:
    """Find what is wrong with the blocks of a target."""
    blocks = {key: block for key, block in target["blocks"].items() if isinstance(block, dict)}
    costumes = frozenset(costume["name"] for costume in target["costumes"])
    checked = _Target(target["name"], blocks, costumes, names)
    for identifier, block in target["blocks"].items():
        if isinstance(block, list):
            yield from _lone_value(checked, identifier, block)
        else:
            yield from _links(checked, identifier, block)
            yield from _shape(checked, identifier, block)
            yield from _references(checked, identifier, block)
    yield from _scripts(checked)
    yield from _procedures(checked)
    yield from _comments(checked, target.get("comments", {}))


def sent_and_received(target: Mapping[str, Json]) -> tuple[set[str], set[str], bool]:
    """Return the messages that a target sends, those it waits for, and whether it also sends computed ones."""
    sent, received, computed = set[str](), set[str](), False
    for block in target["blocks"].values():
        if isinstance(block, list):
            continue
        match block.get("inputs", {}).get("BROADCAST_INPUT"):
            case [1, [11, str(name), *_]]:
                sent.add(name)
            case [_, *_]:
                computed = True
        if block["opcode"] == "event_whenbroadcastreceived":
            received.add(block["fields"].get("BROADCAST_OPTION", [""])[0])
    return sent, received, computed


def _lone_value(target: _Target, identifier: str, block: list[Json]) -> Iterator[Problem]:
    place = target.place(identifier)
    yield doubtful(place, "a variable lies alone on the workspace", "delete it, it does nothing")
    yield from _primitive(target, place, block)


# Links.


def _children(block: Mapping[str, Json]) -> Iterator[str]:
    """Return the ids of the blocks in the inputs of a block."""
    for value in block.get("inputs", {}).values():
        yield from (part for part in value[1:] if isinstance(part, str))


def _links(target: _Target, identifier: str, block: Mapping[str, Json]) -> Iterator[Problem]:
    place = target.place(identifier)
    following = block.get("next")
    for child in [*_children(block), *([following] if following is not None else [])]:
        if child not in target.blocks:
            yield wrong(place, f"it leads to the block {child}, which is missing", _REBUILD)
        elif target.blocks[child].get("parent") != identifier:
            yield wrong(place, f"the block {child} below it names another parent", _REBUILD)
    yield from _parent(target, identifier, block)


def _parent(target: _Target, identifier: str, block: Mapping[str, Json]) -> Iterator[Problem]:
    place = target.place(identifier)
    parent = block.get("parent")
    if (parent is None) != bool(block.get("topLevel")):
        yield wrong(place, "`topLevel` and `parent` contradict each other", _REBUILD)
    elif parent is not None and parent not in target.blocks:
        yield wrong(place, f"its parent {parent} is missing", _REBUILD)
    elif parent is not None:
        above = target.blocks[parent]
        if above.get("next") != identifier and identifier not in _children(above):
            yield wrong(place, f"its parent {parent} does not lead to it", _REBUILD)


# Slots.


def _shape(target: _Target, identifier: str, block: Mapping[str, Json]) -> Iterator[Problem]:
    place = target.place(identifier)
    opcode = block["opcode"]
    if opcode in BLOCKS_BY_OPCODE:
        yield from _slots(target, place, block, BLOCKS_BY_OPCODE[opcode])
    elif opcode in MENUS_BY_OPCODE:
        yield from _menu(target, place, block, MENUS_BY_OPCODE[opcode])
    elif opcode == _DEFINITION:
        yield from _only(place, "input", block.get("inputs", {}), {"custom_block"}, {"custom_block"})
    elif opcode in _PARAMETERS:
        yield from _only(place, "field", block.get("fields", {}), {"VALUE"}, {"VALUE"})
    elif opcode not in {_PROTOTYPE, _CALL} and not _of_extension(opcode):
        hint = nearest(opcode, BLOCKS_BY_OPCODE)
        remedy = "correct the opcode, or add the block to the table in cloudlink/sprite/blocks.py"
        yield wrong(place, f"Scratch has no such block{hint}", remedy)
    yield from _inputs(target, place, block)


def _of_extension(opcode: str) -> bool:
    """Tell whether a block belongs to an extension, whose blocks the table does not hold."""
    return opcode.partition("_")[0] in _EXTENSIONS


def _slots(target: _Target, place: str, block: Mapping[str, Json], known: Block) -> Iterator[Problem]:
    mouths = {"SUBSTACK" if number == 0 else f"SUBSTACK{number + 1}" for number in range(known.bodies)}
    inputs = {slot.name: slot for slot in known.slots if not slot.is_field}
    fields = {slot.name: slot for slot in known.slots if slot.is_field}
    needed = {name for name, slot in inputs.items() if not isinstance(slot.kind, Condition)}
    yield from _only(place, "input", block.get("inputs", {}), {*inputs, *mouths}, needed)
    yield from _only(place, "field", block.get("fields", {}), set(fields), set(fields))
    for name, value in block.get("fields", {}).items():
        if name in fields:
            yield from _option(place, fields[name], value[0])
    for name, value in block.get("inputs", {}).items():
        if name in inputs:
            yield from _right_shadow(target, place, inputs[name], value)


def _only(place: str, what: str, found: Mapping[str, Json], allowed: set[str], needed: set[str]) -> Iterator[Problem]:
    for name in sorted(found.keys() - allowed):
        yield wrong(place, f"it has an unknown {what} {name}{nearest(name, allowed)}", _REBUILD)
    for name in sorted(needed - found.keys()):
        yield wrong(place, f"its {what} {name} is missing", _REBUILD)


def _option(place: str, slot: Slot, value: Json) -> Iterator[Problem]:
    if isinstance(slot.kind, Choice) and not slot.kind.open and value not in slot.kind.options.values():
        yield wrong(place, f"its field {slot.name} has the unknown choice {value!r}", _REBUILD)


def _right_shadow(target: _Target, place: str, slot: Slot, value: list[Json]) -> Iterator[Problem]:
    """Check that a literal or menu is the one that this slot has: the editor would show another."""
    shadow = value[-1]
    if isinstance(shadow, list) and isinstance(slot.kind, Primitive) and shadow[0] not in {slot.kind.code, 12, 13}:
        yield doubtful(place, f"its input {slot.name} has a literal of another type ({shadow[0]})", _REBUILD)
    if isinstance(shadow, str) and isinstance(slot.kind, Menu):
        block = target.blocks.get(shadow)
        if block and block.get("shadow") and block["opcode"] != slot.kind.opcode:
            yield wrong(place, f"its input {slot.name} has the menu of another block", _REBUILD)


def _menu(target: _Target, place: str, block: Mapping[str, Json], menu: Menu) -> Iterator[Problem]:
    fields = block.get("fields", {})
    yield from _only(place, "field", fields, {menu.field}, {menu.field})
    value = fields.get(menu.field, [""])[0]
    if menu.opcode == "looks_costume" and value not in target.costumes:
        hint = nearest(str(value), target.costumes)
        yield wrong(place, f"the sprite has no costume {value!r}{hint}", "add the costume or choose another")


def _inputs(target: _Target, place: str, block: Mapping[str, Json]) -> Iterator[Problem]:
    for name, value in block.get("inputs", {}).items():
        if value[0] not in {1, 2, 3} or len(value) != (3 if value[0] == 3 else 2):
            yield wrong(place, f"its input {name} has an unknown form: {value!r}", _REBUILD)
            continue
        shadows = {1: value[1:], 2: [], 3: value[2:]}[value[0]]
        for part in value[1:]:
            if isinstance(part, list):
                yield from _primitive(target, place, part)
            elif part in target.blocks and bool(target.blocks[part].get("shadow")) != (part in shadows):
                yield wrong(place, f"its input {name} takes a block for a shadow, or a shadow for a block", _REBUILD)


# Names.


def _references(target: _Target, identifier: str, block: Mapping[str, Json]) -> Iterator[Problem]:
    for field, value in block.get("fields", {}).items():
        known = BLOCKS_BY_OPCODE.get(block["opcode"])
        if field in _KIND_OF_FIELD and known:
            yield from _reference(
                target, target.place(identifier), _KIND_OF_FIELD[field], value[0], value[1] if value[1:] else None
            )


def _primitive(target: _Target, place: str, value: list[Json]) -> Iterator[Problem]:
    if value[0] not in _PRIMITIVES:
        yield wrong(place, f"a literal has the unknown type {value[0]!r}", _REBUILD)
    elif value[0] in _KIND_OF_CODE:
        yield from _reference(target, place, _KIND_OF_CODE[value[0]], value[1], value[2] if value[2:] else None)


def _reference(target: _Target, place: str, kind: str, name: str, identifier: str | None) -> Iterator[Problem]:
    known = target.names.known[kind]
    if identifier is not None and identifier in known:
        if known[identifier] != name:
            yield wrong(place, f"it calls the {kind} {known[identifier]!r} {name!r}", "give both the same name")
    elif target.names.complete:
        hint = nearest(str(name), known.values())
        yield wrong(
            place, f"the {kind} {name!r} ({identifier}) is not defined{hint}", f"make the {kind}, or choose one"
        )


# Scripts.


def _scripts(target: _Target) -> Iterator[Problem]:
    reached = Counter[str]()
    for identifier, block in target.blocks.items():
        if block.get("topLevel"):
            reached.update(_walk(target, identifier))
            if not _starts_script(block["opcode"]):
                yield doubtful(
                    target.place(identifier), "this script has no hat, so nothing runs it", "give it one, or delete it"
                )
    for identifier in target.blocks:
        if not reached[identifier]:
            yield wrong(target.place(identifier), "no script leads to this block", _REBUILD)
        elif reached[identifier] > 1:
            yield wrong(target.place(identifier), "several blocks lead to this block", _REBUILD)


def _starts_script(opcode: str) -> bool:
    known = BLOCKS_BY_OPCODE.get(opcode)
    return opcode == _DEFINITION or known is None or known.shape is Shape.HAT


def _walk(target: _Target, start: str) -> Iterator[str]:
    """Return the blocks below one, itself first; one that is reached on two ways twice, but no endless circle."""
    waiting = [start]
    seen = set[str]()
    while waiting:
        identifier = waiting.pop()
        block = target.blocks.get(identifier)
        if block is None:
            continue
        yield identifier
        if identifier not in seen:
            seen.add(identifier)
            following = block.get("next")
            waiting += [*_children(block), *([following] if following is not None else [])]


# Custom blocks.


def _procedures(target: _Target) -> Iterator[Problem]:
    defined = dict[str, Mapping[str, Json]]()
    for identifier, block in target.blocks.items():
        if block["opcode"] == _PROTOTYPE:
            mutation = block.get("mutation", {})
            yield from _prototype(target.place(identifier), mutation)
            code = mutation.get("proccode", "")
            if code in defined:
                yield wrong(target.place(identifier), f"the block {code!r} is defined twice", "rename one of them")
            defined[code] = mutation
    for identifier, block in target.blocks.items():
        if block["opcode"] == _CALL:
            yield from _call(target, identifier, block, defined)
        elif block["opcode"] == _DEFINITION:
            yield from _parameters(target, identifier, block)
    for code in sorted(defined.keys() - _called(target)):
        yield doubtful(f"{target.name}, custom block {code!r}", "it is never called", "delete it if nobody needs it")


def _called(target: _Target) -> set[str]:
    """Return the custom blocks that are called by scripts with a hat, or by custom blocks that are."""
    calls: dict[str | None, set[str]] = {}  # by the definition that they stand in; None: by what really runs
    for identifier, block in target.blocks.items():
        if block.get("topLevel") and _starts_script(block["opcode"]):
            below = [target.blocks[one] for one in _walk(target, identifier)]
            head = next((_code(one) for one in below if one["opcode"] == _PROTOTYPE), None)
            calls.setdefault(head, set()).update(_code(one) for one in below if one["opcode"] == _CALL)
    reached = set[str]()
    waiting = [*calls.get(None, ())]
    while waiting:
        code = waiting.pop()
        if code not in reached:
            reached.add(code)
            waiting += calls.get(code, ())
    return reached


def _code(block: Mapping[str, Json]) -> str:
    code: str = block.get("mutation", {}).get("proccode", "")
    return code


def _prototype(place: str, mutation: Mapping[str, Json]) -> Iterator[Problem]:
    slots = len(_signs(mutation.get("proccode", "")))
    for key in ("argumentids", "argumentnames", "argumentdefaults"):
        if len(_json_list(mutation.get(key))) != slots:
            yield wrong(place, f"its {key} are not one for each of the {slots} slots", _REBUILD)


def _call(
    target: _Target, identifier: str, block: Mapping[str, Json], defined: Mapping[str, Mapping[str, Json]]
) -> Iterator[Problem]:
    place = target.place(identifier)
    mutation = block.get("mutation", {})
    code = mutation.get("proccode", "")
    if code not in defined:
        hint = nearest(code, defined)
        yield wrong(
            place, f"the custom block {code!r} is not defined{hint}", "define it; without that the call is skipped"
        )
        return
    wanted, given = (_json_list(one.get("argumentids")) for one in (defined[code], mutation))
    if wanted != given:
        yield wrong(place, f"its slots are not those of the definition of {code!r}", _REBUILD)
        return
    needed = {name for name, sign in zip(wanted, _signs(code), strict=False) if sign != "%b"}
    yield from _only(place, "input", block.get("inputs", {}), set(wanted), needed)


def _parameters(target: _Target, identifier: str, block: Mapping[str, Json]) -> Iterator[Problem]:
    """Check that a definition's script uses only slots that the definition has."""
    prototype = next(_children(block), None)
    mutation = target.blocks.get(prototype or "", {}).get("mutation", {})
    names = _json_list(mutation.get("argumentnames"))
    slots = dict(zip(names, _signs(mutation.get("proccode", "")), strict=False))
    for used in _walk(target, identifier):
        opcode = target.blocks[used]["opcode"]
        if opcode in _PARAMETERS:
            name = target.blocks[used].get("fields", {}).get("VALUE", [""])[0]
            if name in MACHINE_QUESTIONS:
                continue
            if (slots.get(name) == "%b") != (opcode == "argument_reporter_boolean") or name not in slots:
                yield wrong(
                    target.place(used), f"the definition has no slot {name!r} of this shape", "use one of its slots"
                )


def _signs(code: str) -> list[str]:
    return re.findall(r"(?<!\\)%[snb]", code)


def _json_list(text: Json) -> list[str]:
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return []
    return value if isinstance(value, list) else []


# Comments.


def _comments(target: _Target, comments: Mapping[str, Json]) -> Iterator[Problem]:
    for identifier, block in target.blocks.items():
        comment = block.get("comment")
        if comment is not None and comments.get(comment, {}).get("blockId") != identifier:
            yield wrong(target.place(identifier), f"its comment {comment} is missing or on another block", _REBUILD)
    for key, comment in comments.items():
        owner = comment.get("blockId")
        if owner is not None and target.blocks.get(owner, {}).get("comment") != key:
            yield wrong(f"{target.name}, comment {key}", f"its block {owner} does not know it", _REBUILD)
