"""The blocks of Scratch 3, one line each: how they are written, and what a project file calls them.

This table is the only place that knows a block. The compiler reads it from words to opcodes; the linter checks
project files against it. To add a block (an extension's, say), add its line, and a kind if it has a menu
that no other block has.

A line is an opcode and its spec: the words as in the palette, with `{NAME:kind}` for each slot. NAME is what the
project file calls the input or field; the kind (see `KINDS`) says what may be put there. Further specs are
other ways to write the same block.

Opcodes, names, menus and default shadows: scratch-blocks 1.1.6 (`blocks_vertical/*.js`,
`default_toolbox.js`) and, for lists and variables, `core/data_category.js`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

Key = tuple[str | None, ...]
"""A block's words with None for each slot: what a line of the source is looked up by."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """An input that holds a literal: the project file writes it as `[code, text]`."""

    code: int
    default: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the literal has to be a number."""
        return 4 <= self.code <= 8


@dataclass(frozen=True, slots=True)
class Menu:
    """An input with a menu that a reporter can be dropped on: a shadow block with one field.

    Attributes:
        opcode: the shadow block.
        field: its field.
        default: the value that stays under a reporter.
        options: what the menu shows -> what the file stores.
        open: whether other values (names of sprites, costumes) are right too.
    """

    opcode: str
    field: str
    default: str
    options: Mapping[str, str]
    open: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """A field with a menu: nothing can be dropped on it. Attributes as in `Menu`."""

    options: Mapping[str, str]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names a variable, a list or a broadcast.

    Attributes:
        to: "variable", "list" or "broadcast".
    """

    to: str


@dataclass(frozen=True, slots=True)
class Message:
    """The input of the broadcast blocks: a message's name, or a reporter."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A pointed slot: a boolean block or nothing."""


Kind = Primitive | Menu | Choice | Reference | Message | Condition


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _upper(*names: str) -> dict[str, str]:
    return {name: name.upper() for name in names}


_KEYS = _same(
    "space", "up arrow", "down arrow", "right arrow", "left arrow", "any", *"abcdefghijklmnopqrstuvwxyz0123456789"
)
_NUMBER_OR_NAME = _same("number", "name")

KINDS: Mapping[str, Kind] = {
    "number": Primitive(4),
    "positive": Primitive(5, "1"),
    "whole": Primitive(6, "1"),
    "integer": Primitive(7, "1"),
    "angle": Primitive(8, "90"),
    "color": Primitive(9, "#000000"),
    "text": Primitive(10),
    "message": Message(),
    "boolean": Condition(),
    "variable": Reference("variable"),
    "list": Reference("list"),
    "broadcast": Reference("broadcast"),
    # Menus that take reporters.
    "goto": Menu("motion_goto_menu", "TO", "_random_", {"random position": "_random_", "mouse-pointer": "_mouse_"}),
    "glide": Menu("motion_glideto_menu", "TO", "_random_", {"random position": "_random_", "mouse-pointer": "_mouse_"}),
    "towards": Menu(
        "motion_pointtowards_menu",
        "TOWARDS",
        "_mouse_",
        {"mouse-pointer": "_mouse_", "random direction": "_random_"},
    ),
    "costume": Menu("looks_costume", "COSTUME", "costume1", {}),
    "backdrop": Menu("looks_backdrops", "BACKDROP", "backdrop1", {}),
    "sound": Menu("sound_sounds_menu", "SOUND_MENU", "pop", {}),
    "clone": Menu("control_create_clone_of_menu", "CLONE_OPTION", "_myself_", {"myself": "_myself_"}),
    "touching": Menu(
        "sensing_touchingobjectmenu",
        "TOUCHINGOBJECTMENU",
        "_mouse_",
        {"mouse-pointer": "_mouse_", "edge": "_edge_"},
    ),
    "distance": Menu("sensing_distancetomenu", "DISTANCETOMENU", "_mouse_", {"mouse-pointer": "_mouse_"}),
    "key": Menu("sensing_keyoptions", "KEY_OPTION", "space", _KEYS, open=False),
    "object": Menu("sensing_of_object_menu", "OBJECT", "_stage_", {"Stage": "_stage_"}),
    # Menus that do not.
    "rotation": Choice(_same("left-right", "don't rotate", "all around")),
    "graphic_effect": Choice(_upper("color", "fisheye", "whirl", "pixelate", "mosaic", "brightness", "ghost")),
    "sound_effect": Choice({"pitch": "PITCH", "pan left/right": "PAN"}),
    "layer": Choice(_same("front", "back")),
    "way": Choice(_same("forward", "backward")),
    "number_or_name": Choice(_NUMBER_OR_NAME),
    "pressed": Choice(_KEYS),
    "switched": Choice({}, open=True),
    "sensor": Choice(_upper("loudness", "timer")),
    "stop": Choice(_same("all", "this script", "other scripts in sprite")),
    "drag": Choice(_same("draggable", "not draggable")),
    "property": Choice(
        _same(
            *("x position", "y position", "direction", "costume #", "costume name", "size", "volume"),
            *("backdrop #", "backdrop name"),
        ),
        open=True,
    ),
    "current": Choice({"day of week": "DAYOFWEEK"} | _upper("year", "month", "date", "hour", "minute", "second")),
    "mathop": Choice(
        _same(
            *("abs", "floor", "ceiling", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "ln", "log"),
            *("e ^", "10 ^"),
        )
    ),
}


class Shape(Enum):
    """The outline of a block: where it can stand."""

    HAT = "hat"
    STACK = "stack"
    REPORTER = "reporter"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Slot:
    """A gap in a block.

    Attributes:
        name: what the project file calls the input or the field.
        kind: what may be put there.
    """

    name: str
    kind: Kind

    @property
    def is_field(self) -> bool:
        """Whether the file keeps it under `fields`; else under `inputs`."""
        return isinstance(self.kind, Choice | Reference)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the palette.

    Attributes:
        opcode: its name in the project file.
        shape: its outline.
        specs: how it is written; the first is the palette's way.
        slots: its gaps, in the order of the words.
        bodies: how many mouths it has (a C-block one, if-else two).
        final: whether no block can follow it.
    """

    opcode: str
    shape: Shape
    specs: tuple[str, ...]
    slots: tuple[Slot, ...]
    bodies: int = 0
    final: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """What it is looked up by, one key for each spec."""
        return tuple(spec_key(spec) for spec in self.specs)

    @property
    def example(self) -> str:
        """The block as a reader would write it, with empty slots: `say [] for () seconds`."""
        return _SLOT.sub(lambda match: _empty_slot(KINDS[match[2]]), self.specs[0])


_SLOT = re.compile(r"\{(\w+):(\w+)\}")


def _empty_slot(kind: Kind) -> str:
    match kind:
        case Primitive():
            return "()" if kind.numeric else "[]"
        case Condition():
            return "<>"
        case Menu() | Message():
            return "( v)"
        case Choice() | Reference():
            return "[ v]"


# These carry no meaning in a label, and people leave them out or put a space before them.
_PUNCTUATION = str.maketrans("", "", ",%?:")


def label_words(label: str) -> list[str]:
    """Split the words of a built-in block, without punctuation and upper case, for comparison."""
    return label.translate(_PUNCTUATION).lower().split()


def spec_key(spec: str) -> Key:
    """Return what a spec is looked up by."""
    key: list[str | None] = []
    end = 0
    for match in _SLOT.finditer(spec):
        key += label_words(spec[end : match.start()])
        key.append(None)
        end = match.end()
    return (*key, *label_words(spec[end:]))


def _block(shape: Shape, opcode: str, *specs: str, bodies: int = 0, final: bool = False) -> Block:
    slots = tuple(Slot(match[1], KINDS[match[2]]) for match in _SLOT.finditer(specs[0]))
    return Block(opcode, shape, specs, slots, bodies, final)


def _hat(opcode: str, *specs: str) -> Block:
    return _block(Shape.HAT, opcode, *specs)


def _stack(opcode: str, *specs: str, bodies: int = 0, final: bool = False) -> Block:
    return _block(Shape.STACK, opcode, *specs, bodies=bodies, final=final)


def _reporter(opcode: str, *specs: str) -> Block:
    return _block(Shape.REPORTER, opcode, *specs)


def _boolean(opcode: str, *specs: str) -> Block:
    return _block(Shape.BOOLEAN, opcode, *specs)


_MOTION = (
    _stack("motion_movesteps", "move {STEPS:number} steps"),
    _stack(
        "motion_turnright",
        "turn right {DEGREES:number} degrees",
        "turn cw {DEGREES:number} degrees",
        "turn @turnRight {DEGREES:number} degrees",
        "turn ↻ {DEGREES:number} degrees",
    ),
    _stack(
        "motion_turnleft",
        "turn left {DEGREES:number} degrees",
        "turn ccw {DEGREES:number} degrees",
        "turn @turnLeft {DEGREES:number} degrees",
        "turn ↺ {DEGREES:number} degrees",
    ),
    _stack("motion_goto", "go to {TO:goto}"),
    _stack("motion_gotoxy", "go to x: {X:number} y: {Y:number}"),
    _stack("motion_glideto", "glide {SECS:number} secs to {TO:glide}"),
    _stack("motion_glidesecstoxy", "glide {SECS:number} secs to x: {X:number} y: {Y:number}"),
    _stack("motion_pointindirection", "point in direction {DIRECTION:angle}"),
    _stack("motion_pointtowards", "point towards {TOWARDS:towards}"),
    _stack("motion_changexby", "change x by {DX:number}"),
    _stack("motion_setx", "set x to {X:number}"),
    _stack("motion_changeyby", "change y by {DY:number}"),
    _stack("motion_sety", "set y to {Y:number}"),
    _stack("motion_ifonedgebounce", "if on edge, bounce"),
    _stack("motion_setrotationstyle", "set rotation style {STYLE:rotation}"),
    _reporter("motion_xposition", "x position"),
    _reporter("motion_yposition", "y position"),
    _reporter("motion_direction", "direction"),
)

_LOOKS = (
    _stack("looks_sayforsecs", "say {MESSAGE:text} for {SECS:number} seconds"),
    _stack("looks_say", "say {MESSAGE:text}"),
    _stack("looks_thinkforsecs", "think {MESSAGE:text} for {SECS:number} seconds"),
    _stack("looks_think", "think {MESSAGE:text}"),
    _stack("looks_switchcostumeto", "switch costume to {COSTUME:costume}"),
    _stack("looks_nextcostume", "next costume"),
    _stack("looks_switchbackdropto", "switch backdrop to {BACKDROP:backdrop}"),
    _stack("looks_switchbackdroptoandwait", "switch backdrop to {BACKDROP:backdrop} and wait"),
    _stack("looks_nextbackdrop", "next backdrop"),
    _stack("looks_changesizeby", "change size by {CHANGE:number}"),
    _stack("looks_setsizeto", "set size to {SIZE:number} %"),
    _stack("looks_changeeffectby", "change {EFFECT:graphic_effect} effect by {CHANGE:number}"),
    _stack("looks_seteffectto", "set {EFFECT:graphic_effect} effect to {VALUE:number}"),
    _stack("looks_cleargraphiceffects", "clear graphic effects"),
    _stack("looks_show", "show"),
    _stack("looks_hide", "hide"),
    _stack("looks_gotofrontback", "go to {FRONT_BACK:layer} layer"),
    _stack("looks_goforwardbackwardlayers", "go {FORWARD_BACKWARD:way} {NUM:integer} layers"),
    _reporter("looks_costumenumbername", "costume {NUMBER_NAME:number_or_name}"),
    _reporter("looks_backdropnumbername", "backdrop {NUMBER_NAME:number_or_name}"),
    _reporter("looks_size", "size"),
)

_SOUND = (
    _stack("sound_playuntildone", "play sound {SOUND_MENU:sound} until done"),
    _stack("sound_play", "start sound {SOUND_MENU:sound}"),
    _stack("sound_stopallsounds", "stop all sounds"),
    _stack("sound_changeeffectby", "change {EFFECT:sound_effect} effect by {VALUE:number}"),
    _stack("sound_seteffectto", "set {EFFECT:sound_effect} effect to {VALUE:number}"),
    _stack("sound_cleareffects", "clear sound effects"),
    _stack("sound_changevolumeby", "change volume by {VOLUME:number}"),
    _stack("sound_setvolumeto", "set volume to {VOLUME:number} %"),
    _reporter("sound_volume", "volume"),
)

_EVENTS = (
    _hat(
        "event_whenflagclicked",
        "when flag clicked",
        "when green flag clicked",
        "when @greenFlag clicked",
        "when ⚑ clicked",
        "when gf clicked",
    ),
    _hat("event_whenkeypressed", "when {KEY_OPTION:pressed} key pressed"),
    _hat("event_whenthisspriteclicked", "when this sprite clicked"),
    _hat("event_whenstageclicked", "when stage clicked"),
    _hat("event_whenbackdropswitchesto", "when backdrop switches to {BACKDROP:switched}"),
    _hat("event_whengreaterthan", "when {WHENGREATERTHANMENU:sensor} > {VALUE:number}"),
    _hat("event_whenbroadcastreceived", "when I receive {BROADCAST_OPTION:broadcast}"),
    _stack("event_broadcast", "broadcast {BROADCAST_INPUT:message}"),
    _stack("event_broadcastandwait", "broadcast {BROADCAST_INPUT:message} and wait"),
)

_CONTROL = (
    _stack("control_wait", "wait {DURATION:positive} seconds"),
    _stack("control_repeat", "repeat {TIMES:whole}", bodies=1),
    _stack("control_forever", "forever", bodies=1, final=True),
    _stack("control_if", "if {CONDITION:boolean} then", bodies=1),
    _stack("control_if_else", "if {CONDITION:boolean} then", bodies=2),
    _stack("control_wait_until", "wait until {CONDITION:boolean}"),
    _stack("control_repeat_until", "repeat until {CONDITION:boolean}", bodies=1),
    # Final unless it stops the other scripts: the compiler looks at its option.
    _stack("control_stop", "stop {STOP_OPTION:stop}"),
    _hat("control_start_as_clone", "when I start as a clone"),
    _stack("control_create_clone_of", "create clone of {CLONE_OPTION:clone}"),
    _stack("control_delete_this_clone", "delete this clone", final=True),
)

_SENSING = (
    _boolean("sensing_touchingobject", "touching {TOUCHINGOBJECTMENU:touching}?"),
    _boolean("sensing_touchingcolor", "touching color {COLOR:color}?"),
    _boolean("sensing_coloristouchingcolor", "color {COLOR:color} is touching {COLOR2:color}?"),
    _reporter("sensing_distanceto", "distance to {DISTANCETOMENU:distance}"),
    _stack("sensing_askandwait", "ask {QUESTION:text} and wait"),
    _reporter("sensing_answer", "answer"),
    _boolean("sensing_keypressed", "key {KEY_OPTION:key} pressed?"),
    _boolean("sensing_mousedown", "mouse down?"),
    _reporter("sensing_mousex", "mouse x"),
    _reporter("sensing_mousey", "mouse y"),
    _stack("sensing_setdragmode", "set drag mode {DRAG_MODE:drag}"),
    _reporter("sensing_loudness", "loudness"),
    _reporter("sensing_timer", "timer"),
    _stack("sensing_resettimer", "reset timer"),
    # Before sensing_of, which would take it too: a variable of a sprite may be called "floor".
    _reporter("operator_mathop", "{OPERATOR:mathop} of {NUM:number}"),
    _reporter("sensing_of", "{PROPERTY:property} of {OBJECT:object}"),
    _reporter("sensing_current", "current {CURRENTMENU:current}"),
    _reporter("sensing_dayssince2000", "days since 2000"),
    _reporter("sensing_username", "username"),
)

_OPERATORS = (
    _reporter("operator_add", "{NUM1:number} + {NUM2:number}"),
    _reporter("operator_subtract", "{NUM1:number} - {NUM2:number}"),
    _reporter("operator_multiply", "{NUM1:number} * {NUM2:number}"),
    _reporter("operator_divide", "{NUM1:number} / {NUM2:number}"),
    _reporter("operator_random", "pick random {FROM:number} to {TO:number}"),
    _boolean("operator_gt", "{OPERAND1:text} > {OPERAND2:text}"),
    _boolean("operator_lt", "{OPERAND1:text} < {OPERAND2:text}"),
    _boolean("operator_equals", "{OPERAND1:text} = {OPERAND2:text}"),
    _boolean("operator_and", "{OPERAND1:boolean} and {OPERAND2:boolean}"),
    _boolean("operator_or", "{OPERAND1:boolean} or {OPERAND2:boolean}"),
    _boolean("operator_not", "not {OPERAND:boolean}"),
    _reporter("operator_join", "join {STRING1:text} {STRING2:text}"),
    _reporter("operator_letter_of", "letter {LETTER:whole} of {STRING:text}"),
    _reporter("operator_length", "length of {STRING:text}"),
    _boolean("operator_contains", "{STRING1:text} contains {STRING2:text}?"),
    _reporter("operator_mod", "{NUM1:number} mod {NUM2:number}"),
    _reporter("operator_round", "round {NUM:number}"),
)

_DATA = (
    _stack("data_setvariableto", "set {VARIABLE:variable} to {VALUE:text}"),
    _stack("data_changevariableby", "change {VARIABLE:variable} by {VALUE:number}"),
    _stack("data_showvariable", "show variable {VARIABLE:variable}"),
    _stack("data_hidevariable", "hide variable {VARIABLE:variable}"),
    _stack("data_addtolist", "add {ITEM:text} to {LIST:list}"),
    _stack("data_deleteoflist", "delete {INDEX:integer} of {LIST:list}"),
    _stack("data_deletealloflist", "delete all of {LIST:list}"),
    _stack("data_insertatlist", "insert {ITEM:text} at {INDEX:integer} of {LIST:list}"),
    _stack("data_replaceitemoflist", "replace item {INDEX:integer} of {LIST:list} with {ITEM:text}"),
    _reporter("data_itemoflist", "item {INDEX:integer} of {LIST:list}"),
    _reporter("data_itemnumoflist", "item # of {ITEM:text} in {LIST:list}"),
    _reporter("data_lengthoflist", "length of {LIST:list}"),
    _boolean("data_listcontainsitem", "{LIST:list} contains {ITEM:text}?"),
    _stack("data_showlist", "show list {LIST:list}"),
    _stack("data_hidelist", "hide list {LIST:list}"),
)

MACHINE_QUESTIONS = ("is turbowarp?", "is compiled?")
"""Booleans that TurboWarp answers with true; in Scratch they are slots that no definition has, which are false.

Source: TurboWarp's documentation of its blocks, and its compiler."""

BLOCKS: tuple[Block, ...] = (
    *_MOTION,
    *_LOOKS,
    *_SOUND,
    *_EVENTS,
    *_CONTROL,
    *_SENSING,
    *_OPERATORS,
    *_DATA,
)


def _by_key() -> dict[Key, tuple[Block, ...]]:
    found: dict[Key, tuple[Block, ...]] = {}
    for block in BLOCKS:
        for key in block.keys:
            found[key] = (*found.get(key, ()), block)
    return found


BLOCKS_BY_KEY: Mapping[Key, tuple[Block, ...]] = _by_key()
BLOCKS_BY_OPCODE: Mapping[str, Block] = {block.opcode: block for block in BLOCKS}
MENUS_BY_OPCODE: Mapping[str, Menu] = {kind.opcode: kind for kind in KINDS.values() if isinstance(kind, Menu)}
