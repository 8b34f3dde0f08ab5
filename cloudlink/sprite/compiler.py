"""From the tree of the notation to the blocks of a project file.

The structure is what Scratch 3 itself saves (scratch-vm 5.0.300, `serialization/sb3.js`): literals, variables and
messages as arrays inside the inputs, menus as shadow blocks of their own, and under a reporter the shadow that comes
back when it is dragged out: `[3, reporter, shadow]`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.sprite import layout
from cloudlink.sprite.blocks import (
    BLOCKS,
    BLOCKS_BY_KEY,
    KINDS,
    MACHINE_QUESTIONS,
    Block,
    Choice,
    Condition,
    Key,
    Kind,
    Menu,
    Message,
    Primitive,
    Reference,
    Shape,
    Slot,
    label_words,
)
from cloudlink.sprite.identifiers import argument_id, block_id, comment_id, global_id, note_id
from cloudlink.sprite.notation import (
    Argument,
    Document,
    Dropdown,
    Number,
    Phrase,
    Place,
    Statement,
    Text,
    is_definition,
    is_number,
)

Json = Any

# What stands under a reporter in a broadcast block: the message that every new Scratch project starts with.
_FIRST_MESSAGE = "message1"
_MOST_IN_COMMENT = 8000  # scratch-parser, sb3_definitions.json


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a sprite's scripts may use.

    Attributes:
        sprite: the sprite's name.
        variables: name -> id, the sprite's own and those of all sprites.
        lists: the same for lists.
        costumes: names of the sprite's costumes, at least one.
        shown: names that are other ones in the project: name -> that one.
    """

    sprite: str
    variables: Mapping[str, str]
    lists: Mapping[str, str]
    costumes: Sequence[str]
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a project file holds of a sprite's scripts.

    Attributes:
        blocks: id -> block.
        comments: id -> comment.
        messages: names of the broadcasts that the scripts send or wait for.
    """

    blocks: Mapping[str, Json]
    comments: Mapping[str, Json]
    messages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A slot of a custom block.

    Attributes:
        name: what the definition calls it.
        boolean: whether it is a pointed slot.
        identifier: the name of the input in the project file.
    """

    name: str
    boolean: bool
    identifier: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """A custom block.

    Attributes:
        code: its words with `%s` and `%b` for the slots, as the project file has it.
        parameters: its slots.
        warp: whether it runs without screen refresh.
        place: where it is defined.
    """

    code: str
    parameters: tuple[Parameter, ...]
    warp: bool
    place: Place

    @property
    def example(self) -> str:
        """The block as a reader would write it, with empty slots."""
        return self.code.replace("%s", "[]").replace("%b", "<>")


def compile_scripts(documents: Sequence[Document], scope: Scope) -> Compiled:
    """Return the blocks of a sprite.

    Args:
        documents: the sprite's files, parsed; each gets columns of its own on the workspace.
        scope: the names they may use.

    Raises:
        SpriteError: a block, a variable or another name is unknown, or stands where it cannot stand.
    """
    compiler = _Compiler(scope, _procedures(documents))
    points = layout.place([_sizes(document) for document in documents])
    number = 0
    for document in documents:
        for note in document.notes:
            compiler.note(note, next(points))
        for script in document.scripts:
            compiler.script(script, str(number), next(points))
            number += 1
    return Compiled(compiler.blocks, compiler.comments, frozenset(compiler.messages))


def _sizes(document: Document) -> list[layout.Size]:
    return [*map(layout.comment_size, document.notes), *map(layout.script_size, document.scripts)]


# Custom blocks.


def _procedures(documents: Sequence[Document]) -> dict[Key, Procedure]:
    found: dict[Key, Procedure] = {}
    for document in documents:
        for script in document.scripts:
            if not is_definition(script[0].phrase):
                continue
            key, procedure = _procedure(script[0])
            if key in found:
                other = found[key].place
                raise script[0].place.error(
                    f"a block with these words is defined in {other.file}, line {other.line}; change a word"
                )
            found[key] = procedure
    return found


def _procedure(statement: Statement) -> tuple[Key, Procedure]:
    place = statement.place
    if statement.style not in {"", "warp"}:
        raise place.error(f"expected `:: warp` or nothing after a definition, not `:: {statement.style}`")
    key = statement.phrase.exact_key[1:]
    if not any(key):
        raise place.error("expected words and slots after `define`: `define send (text)`")
    words = " ".join(word if word is not None else "_" for word in key)
    if re.search(r"%[snb]", words):
        raise place.error("Scratch takes %s, %n and %b for slots; leave the sign out of the block's words")
    if statement.phrase.key[1:] in BLOCKS_BY_KEY or key in {("end",), ("else",)} or key[0] == "define":
        raise place.error("Scratch has a block with these words; change one")
    parameters = tuple(
        _parameter(argument, argument_id(number), place) for number, argument in enumerate(statement.phrase.arguments)
    )
    for number, parameter in enumerate(parameters):
        if any(parameter.name == other.name for other in parameters[:number]):
            raise place.error(f"two slots have the name `{parameter.name}`")
    signs = iter("%b" if parameter.boolean else "%s" for parameter in parameters)
    code = " ".join(word if word is not None else next(signs) for word in key)
    return key, Procedure(code, parameters, statement.style == "warp", place)


def _parameter(argument: Argument, identifier: str, place: Place) -> Parameter:
    name = argument.name if isinstance(argument, Phrase) else None
    if name is None:
        raise place.error("expected the slots of a definition as `(name)`, or `<name>` for a boolean")
    check_name(name, "slot", place.error)
    if name in MACHINE_QUESTIONS:
        raise place.error(f"a slot cannot be called {name!r}: <{name}> asks which machine this is")
    boolean = isinstance(argument, Phrase) and argument.brackets == "<"
    return Parameter(name, boolean, identifier)


def check_name(name: str, what: str, error: Callable[[str], SpriteError]) -> None:
    """Refuse a name that `(name)` could not stand for.

    Raises:
        SpriteError: made by `error` from what is wrong.
    """
    if name != name.strip() or not name or "\n" in name:
        raise error(f"a {what}'s name has to be one line without spaces at its ends, not {name!r}")
    if is_number(name):
        raise error(f"a {what} cannot be called {name!r}: ({name}) is a number")
    if any(block.shape in {Shape.REPORTER, Shape.BOOLEAN} for block in BLOCKS_BY_KEY.get(tuple(label_words(name)), ())):
        raise error(f"a {what} cannot be called {name!r}: ({name}) is a block of Scratch")


# What may be put into a slot.


def _refusal(kind: Kind, argument: Argument) -> str | None:
    """Say why an argument cannot stand in a slot; None if it can."""
    if isinstance(argument, Phrase) and isinstance(kind, Primitive | Menu | Message):
        return None if argument.parts else "expected a value, not an empty `<>`"
    match kind:
        case Primitive(code=9):
            return _color_refusal(argument)
        case Primitive():
            return _literal_refusal(kind, argument)
        case Condition():
            fits = isinstance(argument, Phrase) and argument.brackets == "<"
            return None if fits else f"expected a condition in `< >`, not {_shown(argument)}"
        case Menu(options=options, open=free) | Choice(options=options, open=free):
            return _option_refusal(argument, options, free)
        case Reference(to=what):
            fits = isinstance(argument, Dropdown)
            return None if fits else f"expected the name of a {what} as `[name v]`, not {_shown(argument)}"
        case Message():
            fits = isinstance(argument, Dropdown)
            return None if fits else f"expected a message as `(name v)`, or a reporter, not {_shown(argument)}"


def _literal_refusal(kind: Primitive, argument: Argument) -> str | None:
    if isinstance(argument, Dropdown):
        return f"expected a value, not the menu `[{argument.text} v]`; as a text it is written `[{argument.text} \\v]`"
    if not kind.numeric or isinstance(argument, Number):
        return None
    fits = isinstance(argument, Text) and (not argument.text or is_number(argument.text))
    return None if fits else f"expected a number, not {_shown(argument)}"


def _color_refusal(argument: Argument) -> str | None:
    fits = isinstance(argument, Text) and re.fullmatch("#[0-9a-fA-F]{6}", argument.text)
    return None if fits else f"expected a color as `[#ff8000]`, not {_shown(argument)}"


def _option_refusal(argument: Argument, options: Mapping[str, str], free: bool) -> str | None:
    if not isinstance(argument, Dropdown):
        return f"expected a choice as `[name v]`, not {_shown(argument)}"
    if argument.text in options or (free and argument.text):
        return None
    return f"unknown choice `{argument.text}`" + nearest(argument.text, options)


def _shown(argument: Argument) -> str:
    match argument:
        case Text(text):
            return f"the text `[{text}]`"
        case Number(text):
            return f"the number `({text})`"
        case Dropdown(text):
            return f"the menu `[{text} v]`"
        case Phrase(brackets="<"):
            return "a boolean in `< >`"
        case _:
            return "a reporter in `( )`"


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a hint, to be put after a message, at the name most like this one; "" if none is."""
    found = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean `{found[0]}`?" if found else ""


# Blocks.


class _Compiler:
    """Collects the blocks of one sprite."""

    def __init__(self, scope: Scope, procedures: Mapping[Key, Procedure]) -> None:
        self.scope = scope
        self.procedures = procedures
        self.blocks: dict[str, Json] = {}
        self.comments: dict[str, Json] = {}
        self.messages: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.notes = 0
        # Of the script at hand:
        self.parameters: Mapping[str, Parameter] = {}
        self.comment_at = layout.Point(0, 0)
        self.place = Place("", 0, "")

    def note(self, text: str, point: layout.Point) -> None:
        """Add a comment that belongs to no block."""
        self.notes += 1
        self._add_comment(note_id(self.notes), text, None, point, minimized=False)

    def script(self, script: Sequence[Statement], path: str, point: layout.Point) -> None:
        """Add a script."""
        procedure = self._defined_by(script[0])
        self.parameters = {one.name: one for one in procedure.parameters} if procedure else {}
        self.comment_at = layout.Point(point.x + layout.comment_offset(script), point.y)
        self._sequence(script, path, None)
        first = self.blocks[self._id(f"{path}/0")]
        first |= {"topLevel": True, "x": point.x, "y": point.y}

    def _id(self, path: str) -> str:
        return block_id(self.numbers.setdefault(path, len(self.numbers)))

    def _defined_by(self, statement: Statement) -> Procedure | None:
        return self.procedures[statement.phrase.exact_key[1:]] if is_definition(statement.phrase) else None

    def _sequence(self, statements: Sequence[Statement], path: str, parent: str | None) -> str | None:
        """Add blocks that follow one another; return the id of the first, None if there is none."""
        last = len(statements) - 1
        for number, statement in enumerate(statements):
            identifier = self._id(f"{path}/{number}")
            following = self._id(f"{path}/{number + 1}") if number < last else None
            block = self._new(identifier, parent, next_id=following)
            self.place = statement.place
            if self._statement(statement, block, f"{path}/{number}") and following:
                raise statements[number + 1].place.error("no block can follow the one above it")
            self._comment_on(statement, identifier, block, first=parent is None)
            parent = identifier
        return self._id(f"{path}/0") if statements else None

    def _new(self, identifier: str, parent: str | None, *, next_id: str | None = None) -> dict[str, Json]:
        block: dict[str, Json] = {
            "opcode": "",
            "next": next_id,
            "parent": parent,
            "inputs": {},
            "fields": {},
            "shadow": False,
            "topLevel": False,
        }
        self.blocks[identifier] = block
        return block

    def _shadow(self, path: str, parent: str, opcode: str, field: str, value: str) -> str:
        identifier = self._id(path)
        block = self._new(identifier, parent)
        block |= {"opcode": opcode, "fields": {field: [value, None]}, "shadow": True}
        return identifier

    def _statement(self, statement: Statement, block: dict[str, Json], path: str) -> bool:
        """Fill in a stack or hat block; return whether it is a last one."""
        procedure = self._defined_by(statement)
        if procedure:
            self._definition(procedure, block, path)
            return False
        if statement.style:
            raise self.place.error(f"`:: {statement.style}` has no meaning here; only definitions have `:: warp`")
        phrase = statement.phrase
        if phrase.arguments == phrase.parts and len(phrase.parts) == 1:
            raise self.place.error("expected a block that does something; a value alone has no effect")
        shapes = {Shape.STACK, Shape.HAT}
        found = [one for one in BLOCKS_BY_KEY.get(phrase.key, ()) if one.shape in shapes]
        called = self.procedures.get(phrase.exact_key)
        if not found and called:
            self._call(called, phrase, block, path)
            return False
        if not found:
            raise self._unknown_block(phrase, shapes)
        fitting = [one for one in found if one.bodies == len(statement.bodies)]
        return self._palette_block(fitting, statement, block, path)

    def _palette_block(self, found: Sequence[Block], statement: Statement, block: dict[str, Json], path: str) -> bool:
        known = self._fill(found, statement.phrase, block, path)
        identifier = self._id(path)
        for number, body in enumerate(statement.bodies, 1):
            name = "SUBSTACK" if number == 1 else f"SUBSTACK{number}"
            first = self._sequence(body, f"{path}/{name}", identifier)
            if first:
                block["inputs"][name] = [2, first]
        if known.opcode != "control_stop":
            return known.final
        others = block["fields"]["STOP_OPTION"][0] == "other scripts in sprite"
        block["mutation"] = {"tagName": "mutation", "children": [], "hasnext": json.dumps(others)}
        return not others

    def _fill(self, found: Sequence[Block], phrase: Phrase, block: dict[str, Json], path: str) -> Block:
        """Choose the block whose slots take these arguments, and fill them in."""
        refusals: list[str] = []
        for known in found:
            pairs = list(zip(known.slots, phrase.arguments, strict=True))
            refused = [text for slot, argument in pairs if (text := _refusal(slot.kind, argument))]
            if not refused:
                block["opcode"] = known.opcode
                for slot, argument in pairs:
                    self._slot(slot, argument, block, path)
                return known
            refusals += [f"{refused[0]} in `{known.example}`"]
        raise self.place.error("; or ".join(refusals))

    # Custom blocks.

    def _definition(self, procedure: Procedure, block: dict[str, Json], path: str) -> None:
        identifier, prototype_id = self._id(path), self._id(f"{path}.prototype")
        block |= {"opcode": "procedures_definition", "inputs": {"custom_block": [1, prototype_id]}}
        prototype = self._new(prototype_id, identifier)
        prototype |= {"opcode": "procedures_prototype", "shadow": True}
        for parameter in procedure.parameters:
            opcode = _parameter_opcode(parameter)
            reporter = self._shadow(f"{path}.{parameter.identifier}", prototype_id, opcode, "VALUE", parameter.name)
            prototype["inputs"][parameter.identifier] = [1, reporter]
        prototype["mutation"] = _mutation(procedure) | {
            "argumentnames": _compact([one.name for one in procedure.parameters]),
            "argumentdefaults": _compact(["false" if one.boolean else "" for one in procedure.parameters]),
        }

    def _call(self, procedure: Procedure, phrase: Phrase, block: dict[str, Json], path: str) -> None:
        block |= {"opcode": "procedures_call", "mutation": _mutation(procedure)}
        for parameter, argument in zip(procedure.parameters, phrase.arguments, strict=True):
            kind = KINDS["boolean" if parameter.boolean else "text"]
            refusal = _refusal(kind, argument)
            if refusal:
                raise self.place.error(f"{refusal} in the slot `{parameter.name}` of `{procedure.example}`")
            self._slot(Slot(parameter.identifier, kind), argument, block, path)

    # Slots.

    def _slot(self, slot: Slot, argument: Argument, block: dict[str, Json], path: str) -> None:
        path = f"{path}.{slot.name}"
        if slot.is_field:
            assert isinstance(argument, Dropdown)
            block["fields"][slot.name] = self._field(slot.kind, argument.text)
            return
        parent = self._id(path.rpartition(".")[0])
        if not isinstance(argument, Phrase):
            block["inputs"][slot.name] = [1, self._literal(slot.kind, argument, path, parent)]
        elif isinstance(slot.kind, Condition):
            if argument.parts:
                block["inputs"][slot.name] = [2, self._value(argument, path, parent)]
        else:
            value = self._value(argument, path, parent)
            shadow = self._covered(slot.kind, f"{path}.shadow", parent)
            block["inputs"][slot.name] = [3, value, shadow]

    def _field(self, kind: Kind, name: str) -> Json:
        match kind:
            case Reference(to="variable"):
                return [self._shown(name), self._known(name, "variable", self.scope.variables)]
            case Reference(to="list"):
                return [name, self._known(name, "list", self.scope.lists)]
            case Reference():
                return [name, self._message(name)]
            case Choice(options=options):
                return [options.get(name, name), None]
            case _:
                raise AssertionError(kind)

    def _literal(self, kind: Kind, argument: Argument, path: str, parent: str) -> Json:
        assert not isinstance(argument, Phrase)
        match kind:
            case Primitive(code=code):
                return [code, argument.text]
            case Message():
                return [11, argument.text, self._message(argument.text)]
            case Menu():
                if kind is KINDS["costume"] and argument.text not in self.scope.costumes:
                    hint = nearest(argument.text, self.scope.costumes)
                    raise self.place.error(f"the sprite has no costume `{argument.text}`{hint}")
                value = kind.options.get(argument.text, argument.text)
                return self._shadow(path, parent, kind.opcode, kind.field, value)
            case _:
                raise AssertionError(kind)

    def _covered(self, kind: Kind, path: str, parent: str) -> Json:
        """Return the shadow under a reporter."""
        match kind:
            case Primitive(code=code, default=default):
                return [code, default]
            case Message():
                return [11, _FIRST_MESSAGE, self._message(_FIRST_MESSAGE)]
            case Menu():
                value = self.scope.costumes[0] if kind is KINDS["costume"] else kind.default
                return self._shadow(path, parent, kind.opcode, kind.field, value)
            case _:
                raise AssertionError(kind)

    def _shown(self, name: str) -> str:
        return self.scope.shown.get(name, name)

    def _known(self, name: str, what: str, names: Mapping[str, str]) -> str:
        if name not in names:
            raise self.place.error(f"the manifest declares no {what} `{name}`{nearest(name, names)}")
        return names[name]

    def _message(self, name: str) -> str:
        if not name:
            raise self.place.error("expected the name of a message")
        self.messages.add(name)
        return global_id("broadcast", name)

    # Values.

    def _value(self, phrase: Phrase, path: str, parent: str) -> Json:
        """Return what stands for a reporter in an input: an array for a variable, else a block's id."""
        name = phrase.name
        if name is not None and name in self.parameters:
            return self._parameter(self.parameters[name], phrase, path, parent)
        if name in MACHINE_QUESTIONS:
            return self._parameter(Parameter(name, True, ""), phrase, path, parent)
        shape = Shape.BOOLEAN if phrase.brackets == "<" else Shape.REPORTER
        found = [one for one in BLOCKS_BY_KEY.get(phrase.key, ()) if one.shape is shape]
        if found:
            identifier = self._id(path)
            self._fill(found, phrase, self._new(identifier, parent), path)
            return identifier
        if name is not None and shape is Shape.REPORTER and name in self.scope.variables:
            return [12, self._shown(name), self.scope.variables[name]]
        if name is not None and shape is Shape.REPORTER and name in self.scope.lists:
            return [13, name, self.scope.lists[name]]
        if name is None or phrase.key in BLOCKS_BY_KEY:
            raise self._unknown_block(phrase, {shape})
        raise self._unknown_name(name, shape)

    def _parameter(self, parameter: Parameter, phrase: Phrase, path: str, parent: str) -> str:
        if parameter.boolean != (phrase.brackets == "<"):
            right = f"<{parameter.name}>" if parameter.boolean else f"({parameter.name})"
            raise self.place.error(f"the definition has this slot as `{right}`")
        identifier = self._id(path)
        block = self._new(identifier, parent)
        block |= {"opcode": _parameter_opcode(parameter), "fields": {"VALUE": [parameter.name, None]}}
        return identifier

    # What can be said about words that mean nothing.

    def _unknown_block(self, phrase: Phrase, shapes: set[Shape]) -> SpriteError:
        if phrase.key == (None,):
            return self.place.error("one pair of brackets too many: there are no words between two of them")
        others = [one for one in BLOCKS_BY_KEY.get(phrase.key, ()) if one.shape not in shapes]
        if others:
            other = others[0]
            return self.place.error(f"`{other.example}` is a {other.shape.value} block; {_WRITTEN[other.shape]}")
        known = {_words(one.keys[0]): one.example for one in BLOCKS if one.shape in shapes}
        if Shape.STACK in shapes:
            known |= {_words(key): one.example for key, one in self.procedures.items()}
        wanted = _words(phrase.key)
        found = difflib.get_close_matches(wanted, known, n=1)
        hint = f"; did you mean `{known[found[0]]}`?" if found else ""
        return self.place.error(f"no block has the words `{wanted}`{hint}")

    def _unknown_name(self, name: str, shape: Shape) -> SpriteError:
        if shape is Shape.BOOLEAN and name in self.scope.variables:
            return self.place.error(f"the variable `{name}` is no condition; compare it: `<({name}) = [true]>`")
        reporters = [one.example for one in BLOCKS if not one.slots and one.shape is not Shape.STACK]
        names = [*self.parameters, *self.scope.variables, *self.scope.lists, *reporters]
        return self.place.error(
            f"no slot of this definition, variable, list or block is called `{name}`{nearest(name, names)}"
        )

    # Comments.

    def _comment_on(self, statement: Statement, identifier: str, block: dict[str, Json], *, first: bool) -> None:
        if statement.comment:
            self.place = statement.place
            block["comment"] = comment_id(identifier)
            self._add_comment(block["comment"], statement.comment, identifier, self.comment_at, minimized=not first)
            opened = layout.comment_size(statement.comment).height
            height = opened if first else layout.FOLDED_COMMENT_HEIGHT
            self.comment_at = layout.Point(self.comment_at.x, self.comment_at.y + height)

    def _add_comment(self, key: str, text: str, block: str | None, point: layout.Point, *, minimized: bool) -> None:
        if len(text) > _MOST_IN_COMMENT:
            raise self.place.error(f"a comment has {len(text)} characters, Scratch allows {_MOST_IN_COMMENT}")
        size = layout.comment_size(text)
        self.comments[key] = {
            "blockId": block,
            "x": point.x,
            "y": point.y,
            "width": size.width,
            "height": size.height,
            "minimized": minimized,
            "text": text,
        }


_WRITTEN = {
    Shape.HAT: "it starts a script",
    Shape.STACK: "it stands on a line of its own",
    Shape.REPORTER: "it is written in `( )`",
    Shape.BOOLEAN: "it is written in `< >`",
}


def _words(key: Key) -> str:
    return " ".join("_" if word is None else word for word in key)


def _parameter_opcode(parameter: Parameter) -> str:
    return "argument_reporter_boolean" if parameter.boolean else "argument_reporter_string_number"


def _mutation(procedure: Procedure) -> dict[str, Json]:
    return {
        "tagName": "mutation",
        "children": [],
        "proccode": procedure.code,
        "argumentids": _compact([one.identifier for one in procedure.parameters]),
        "warp": json.dumps(procedure.warp),
    }


def _compact(value: list[str]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
