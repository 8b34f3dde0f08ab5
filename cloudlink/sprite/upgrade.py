"""Brings a companion sprite that is in a project up to date, and keeps what its author made of it.

The custom blocks of a sprite can be used in that sprite only, so authors put scripts of their own into the companion.
They are told from ours by their ids: ours say so, and a block made in an editor gets an id of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.sprite.identifiers import is_ours

Json = Any

# Where the author has put it; what it looks like (hidden) is the companion's own matter.
_PLACE = ("name", "x", "y", "size", "direction", "layerOrder", "volume")


def keep_authors_parts(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """Return the new sprite with what the author added to the old one.

    Args:
        old: the sprite as it is in the project.
        new: the sprite as it should be, its references bound to the project.

    Raises:
        SpriteError: an editor has given everything new ids, so that nobody can tell whose a script is.
    """
    if old["blocks"] and not any(map(is_ours, old["blocks"])):
        raise SpriteError(
            f"the sprite {old['name']!r} was saved by an editor that gives blocks new ids, as TurboWarp's does, so the "
            "author's scripts in it cannot be told from its own; delete the sprite in the editor (variables and lists "
            "for all sprites stay), save, and install again"
        )
    blocks = _authors_blocks(old)
    comments = _authors_comments(old, blocks)
    names = _new_ids([*blocks, *comments])
    kept = {names[key]: _renamed(block, names) for key, block in blocks.items()}
    used = {part for block in kept.values() for part in _ids_in(block)}
    return {
        **old,
        **new,
        **{key: old[key] for key in _PLACE if key in old},
        "blocks": {**new["blocks"], **kept},
        "comments": {**new["comments"], **{names[key]: _on(comment, names) for key, comment in comments.items()}},
        "costumes": [*new["costumes"], *_authors_costumes(old, new)],
        "sounds": old["sounds"],
        **{key: {**_authors_data(old[key], used), **new[key]} for key in ("variables", "lists")},
    }


def authors_scripts(sprite: Mapping[str, Json]) -> int:
    """Return how many scripts of its author's a companion holds."""
    return sum(not is_ours(key) and _is_first(block) for key, block in sprite["blocks"].items())


def missing_blocks(sprite: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the custom blocks that scripts of a sprite call and that it does not define."""
    defined = set(_codes(sprite["blocks"], "procedures_prototype"))
    return tuple(sorted(set(_codes(sprite["blocks"], "procedures_call")) - defined))


def _authors_blocks(old: Mapping[str, Json]) -> dict[str, Json]:
    """Return the blocks of all scripts whose first block is not ours."""
    blocks = old["blocks"]
    waiting = [key for key, block in blocks.items() if not is_ours(key) and _is_first(block)]
    found: dict[str, Json] = {}
    while waiting:
        key = waiting.pop()
        if key in blocks and key not in found:
            found[key] = blocks[key]
            waiting += _below(blocks[key])
    return {key: block for key, block in blocks.items() if key in found}


def _is_first(block: Json) -> bool:
    return isinstance(block, list) or block.get("topLevel") is True


def _below(block: Json) -> Iterator[str]:
    if isinstance(block, list):
        return
    if isinstance(block.get("next"), str):
        yield block["next"]
    for value in block["inputs"].values():
        yield from (part for part in value if isinstance(part, str))


def _authors_comments(old: Mapping[str, Json], blocks: Mapping[str, Json]) -> dict[str, Json]:
    """Return the comments on the author's blocks, and notes on the workspace that are not ours."""
    return {
        key: comment
        for key, comment in old["comments"].items()
        if comment.get("blockId") in blocks or _is_note(key, comment)
    }


def _is_note(key: str, comment: Mapping[str, Json]) -> bool:
    return comment.get("blockId") is None and not is_ours(key)


def _new_ids(keys: list[str]) -> dict[str, str]:
    """Give a new id to what an author has taken out of our scripts: ours come anew under the old ones."""
    return {key: f"kept-{key}" if is_ours(key) else key for key in keys}


def _renamed(block: Json, names: Mapping[str, str]) -> Json:
    if isinstance(block, list):
        return block
    inputs = {
        name: [names.get(part, part) if isinstance(part, str) else part for part in value]
        for name, value in block["inputs"].items()
    }
    links = {key: names.get(block[key], block[key]) for key in ("next", "parent", "comment") if block.get(key)}
    return {**block, **links, "inputs": inputs}


def _on(comment: Mapping[str, Json], names: Mapping[str, str]) -> Json:
    owner = comment.get("blockId")
    return {**comment, "blockId": names.get(owner, owner)} if owner else dict(comment)


def _ids_in(block: Json) -> Iterator[str]:
    """Return every text in a block where the id of a variable or list can stand."""
    match block:
        case list():
            yield from (part for part in block if isinstance(part, str))
        case dict():
            for holder in ("fields", "inputs"):
                for value in block[holder].values():
                    for part in value:
                        yield from [part] if isinstance(part, str) else _ids_in(part)


def _authors_costumes(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[Json]:
    """Return the costumes that are not ours: ours are found by their names, and former ones are all empty."""
    names = [costume["name"] for costume in new["costumes"]]
    pictures = [costume["assetId"] for costume in new["costumes"]]
    return [
        costume
        for costume in old["costumes"]
        if costume.get("name") not in names and costume.get("assetId") not in pictures
    ]


def _authors_data(entries: Mapping[str, Json], used: set[str]) -> dict[str, Json]:
    """Return variables or lists that are not ours, and of ours those that the author's scripts use."""
    return {key: entry for key, entry in entries.items() if not is_ours(key) or key in used}


def _codes(blocks: Mapping[str, Json], opcode: str) -> Iterator[str]:
    for block in blocks.values():
        if isinstance(block, dict) and block.get("opcode") == opcode:
            code = block.get("mutation", {}).get("proccode")
            if isinstance(code, str):
                yield code
