"""How large a sprite is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cloudlink.sprite.defaults import without_defaults
from cloudlink.sprite.tables import CHARACTER_TABLES

Json = Any


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a project or sprite.

    Attributes:
        blocks: blocks, without the literals and menus in them.
        scripts: scripts, definitions of custom blocks among them.
        bytes: of the JSON.
        variables: all of them, cloud variables too.
        lists: lists.
        costumes: costumes.
    """

    blocks: int
    scripts: int
    bytes: int
    variables: int
    lists: int
    costumes: int

    def __str__(self) -> str:
        return (
            f"{self.blocks:,} blocks in {self.scripts:,} scripts, {self.variables:,} variables, {self.lists:,} lists, "
            f"{self.costumes:,} costumes, {self.bytes:,} bytes of JSON"
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """How many bytes of a sprite's JSON are what.

    Attributes:
        code: blocks.
        comments: comments.
        tables: lists and variables, but for those of the characters.
        characters: the tables of all characters of Unicode.
        costumes: costumes, which tell capital letters from small ones.
    """

    code: int
    comments: int
    tables: int
    characters: int
    costumes: int

    def __str__(self) -> str:
        return (
            f"{self.code:,} bytes of blocks, {self.comments:,} of comments, {self.tables:,} of tables, "
            f"{self.characters:,} of characters, {self.costumes:,} of costumes"
        )


def parts(sprite: Mapping[str, Json]) -> Parts:
    """Return how large the parts of a `sprite.json` are."""
    entries = [*sprite["variables"].values(), *sprite["lists"].values()]
    return Parts(
        code=_bytes(without_defaults(sprite)["blocks"]),
        comments=_bytes(sprite["comments"]),
        tables=_sum(entry for entry in entries if entry[0] not in CHARACTER_TABLES),
        characters=_sum(entry for entry in entries if entry[0] in CHARACTER_TABLES),
        costumes=_bytes(sprite["costumes"]),
    )


def needed_by(sprite: Mapping[str, Json], block: str) -> dict[str, Json]:
    """Return of a `sprite.json` what one of its custom blocks needs: custom blocks, variables and lists.

    Args:
        sprite: the whole.
        block: the custom block's name as the file has it, such as "write text %s".

    Raises:
        KeyError: the sprite has no such block.
    """
    scripts = _custom_blocks(sprite["blocks"])
    needed: dict[str, Mapping[str, Json]] = {}
    names = {block}
    while names:
        name = names.pop()
        needed[name] = scripts[name]
        called = {one["mutation"]["proccode"] for one in scripts[name].values() if one["opcode"] == "procedures_call"}
        names |= called - needed.keys()
    blocks = {key: block for script in needed.values() for key, block in script.items()}
    text = json.dumps(blocks)
    data = {
        kind: {key: it for key, it in sprite[kind].items() if f'"{key}"' in text} for kind in ("variables", "lists")
    }
    return {**sprite, **data, "blocks": blocks, "comments": {}}


def _custom_blocks(blocks: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """The blocks of each custom block's definition, by its name in the file."""
    scripts: dict[str, dict[str, Json]] = {}
    for key, block in blocks.items():
        first = block
        while first["parent"]:
            first = blocks[first["parent"]]
        if first["opcode"] == "procedures_definition":
            prototype = blocks[first["inputs"]["custom_block"][1]]
            scripts.setdefault(prototype["mutation"]["proccode"], {})[key] = block
    return scripts


def _sum(entries: Iterable[Json]) -> int:
    return sum(map(_bytes, entries))


def _bytes(content: Json) -> int:
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def measure(project: Mapping[str, Json]) -> Measure:
    """Return how large a `project.json` or `sprite.json` is."""
    targets = project.get("targets", [project])
    blocks = [block for target in targets for block in target["blocks"].values()]
    return Measure(
        blocks=sum(isinstance(block, list) or not block["shadow"] for block in blocks),
        scripts=sum(isinstance(block, list) or block["topLevel"] for block in blocks),
        bytes=_bytes(without_defaults(project)),
        variables=sum(len(target["variables"]) for target in targets),
        lists=sum(len(target["lists"]) for target in targets),
        costumes=sum(len(target["costumes"]) for target in targets),
    )
