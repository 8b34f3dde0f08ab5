"""Blocks made from a server: each handler becomes a custom block of the companion, with the handler's parameters.

    @client.request
    def submit_score(name: str, score: int, hard: bool = False):
        # docstring: Note a score.

becomes

    // Note a score.
    // Asks the Python function submit_score(name: str, score: int, hard: bool = False).
    define submit score name (name) score (score) hard <hard>

Such a block waits for the answer, which is then in "server reply".
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from inspect import Parameter
from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.rpc.router import Handler, annotations_of
from cloudlink.sprite.blocks import BLOCKS_BY_KEY, Key
from cloudlink.sprite.compiler import check_name
from cloudlink.sprite.notation import Document, is_definition, parse, quote
from cloudlink.sprite.source import SpriteSource

FILE = "0-your-server.blocks"

_BEGIN = ("let others ask first", "forget arguments")
_ASK = "ask server {} and wait"
_MOST_IN_DOCSTRING = 2000
_NOTE = """\
// YOUR SERVER: a block for each function of your Python program, made from it by `cloudlink sprite stubs`.
// Each waits for the answer, which is then in "server reply"; "server error" tells what went wrong.
"""


@dataclass(frozen=True, slots=True)
class Stubs:
    """Blocks for the handlers of a server.

    Attributes:
        text: in the notation.
        left_out: handlers that no block can ask: name -> why.
    """

    text: str
    left_out: dict[str, str]


def make_stubs(handlers: Iterable[Handler], source: SpriteSource) -> Stubs:
    """Write the blocks for some handlers.

    Args:
        handlers: of a `CloudRequests`.
        source: the companion that the blocks will be in.
    """
    taken = _words_taken(source)
    paragraphs, left_out = [_NOTE], {}
    for handler in handlers:
        try:
            paragraphs.append(_stub(handler, taken))
        except SpriteError as error:
            left_out[handler.name] = str(error)
    return Stubs("\n".join(paragraphs), left_out)


def with_stubs(source: SpriteSource, stubs: Stubs) -> SpriteSource:
    """Return the companion with the blocks, which stand before all others."""
    return replace(source, files=((FILE, stubs.text), *source.files))


def _words_taken(source: SpriteSource) -> set[Key]:
    documents: list[Document] = [parse(text, file=file) for file, text in source.files]
    heads = (script[0].phrase for document in documents for script in document.scripts)
    return {head.exact_key[1:] for head in heads if is_definition(head)}


@dataclass(frozen=True, slots=True)
class _Slot:
    """A parameter as a slot of a block.

    Attributes:
        label: the word before the slot.
        name: what the definition calls it.
        boolean: whether it is a pointed slot.
        default: what an empty slot stands for; `Parameter.empty` if it must not be left empty, None if it and what
            follows is then left to the function.
    """

    label: str
    name: str
    boolean: bool
    default: object

    @property
    def written(self) -> str:
        return f"<{_escaped(self.name)}>" if self.boolean else f"({_escaped(self.name)})"


def _stub(handler: Handler, taken: set[Key]) -> str:
    slots = _slots(handler)
    lines = [
        *(f"// {line}".rstrip() for line in _comment(handler)),
        f"define {_head(handler.name, slots, taken)}",
        *_BEGIN,
        *_adding(slots),
        _ASK.format(quote(handler.name)),
    ]
    return "\n".join(lines) + "\n"


def _slots(handler: Handler) -> list[_Slot]:
    annotations = annotations_of(handler.function)
    declared = inspect.signature(handler.function).parameters
    slots: list[_Slot] = []
    for name, _ in handler.parameters:
        annotation, default = annotations.get(name, Any), declared[name].default
        if not _fits_a_slot(annotation):
            if default is not Parameter.empty:
                break  # what follows it has a default too
            raise SpriteError(
                f"its {name} is {inspect.formatannotation(annotation)}, and a slot holds one text or number"
            )
        # An empty boolean slot means false, whatever the default is.
        boolean = annotation is bool and default in (False, Parameter.empty)
        slots.append(_Slot(_words(name), _slot_name(name, {slot.name for slot in slots}), boolean, _filling(default)))
    return slots


def _fits_a_slot(annotation: Any) -> bool:
    """Tell whether a text or a number can be what the annotation wants."""
    origin = typing.get_origin(annotation)
    if annotation in (list, dict, bytes) or origin in (list, dict):
        return False
    return origin not in (typing.Union, types.UnionType) or any(map(_fits_a_slot, typing.get_args(annotation)))


def _filling(default: object) -> object:
    """Return a default that can be written into a block; None for another one."""
    if isinstance(default, bool):
        return str(default).lower()
    simple = default is Parameter.empty or (isinstance(default, str | int | float) and "\n" not in str(default))
    return default if simple else None


def _slot_name(name: str, others: Set[str]) -> str:
    """Return a name for a slot that neither Scratch nor another slot has."""
    candidates = (_words(name), name, *(f"{_words(name)} {number}" for number in range(2, 200)))
    return next(one for one in candidates if one not in others and _is_free(one))


def _is_free(name: str) -> bool:
    try:
        check_name(name, "slot", SpriteError)
    except SpriteError:
        return False
    return True


def _words(name: str) -> str:
    return " ".join(name.replace("_", " ").split()) or name


def _head(name: str, slots: list[_Slot], taken: set[Key]) -> str:
    """Return the words and slots of a block, such as no other block has; note them as taken."""
    words = _escaped(_words(name).replace("%", "percent"))
    gaps = " ".join(f"{_escaped(slot.label)} {slot.written}" for slot in slots)
    for more in ("", " from server", *(f" from server {number}" for number in range(2, 1000))):
        head = f"{words}{more} {gaps}".strip()
        phrase = parse(f"define {head}", file=FILE).scripts[0][0].phrase
        if phrase.exact_key[1:] not in taken and phrase.key[1:] not in BLOCKS_BY_KEY:
            taken.add(phrase.exact_key[1:])
            return head
    raise SpriteError("too many handlers have this name")


def _adding(slots: Sequence[_Slot]) -> list[str]:
    """Return the blocks that put the slots into the list of arguments."""
    lines: list[str] = []
    for number, slot in enumerate(slots):
        add = f"add {slot.written} to [server arguments v]"
        if slot.default is Parameter.empty or slot.boolean:
            lines.append(add)
        elif slot.default is None:
            rest = _adding([replace(slot, default=Parameter.empty), *slots[number + 1 :]])
            return [*lines, f"if <(length of {slot.written}) > (0)> then", *rest, "end"]
        else:
            default = f"add {quote(str(slot.default))} to [server arguments v]"
            lines += [f"if <(length of {slot.written}) = (0)> then", default, "else", add, "end"]
    return lines


def _comment(handler: Handler) -> Iterator[str]:
    """Return the lines of the docstring, and what is asked."""
    documentation = inspect.getdoc(handler.function) or ""
    if len(documentation) > _MOST_IN_DOCSTRING:
        documentation = documentation[:_MOST_IN_DOCSTRING].rstrip() + " ..."
    yield from documentation.splitlines()
    signature = str(inspect.signature(handler.function)).replace("\n", " ")
    yield f"Asks the Python function {handler.name}{signature}."


def _escaped(words: str) -> str:
    """Write words so that no character of them is more than a character."""
    return re.sub(r"[\\()\[\]<>:/]", r"\\\g<0>", words)
