"""Brings a companion sprite that is in a project up to date, and keeps what its author made of it.

The custom blocks of a sprite can be used in that sprite only, so authors put scripts of their own into the companion.
Scripts are told apart by the ids of their first blocks: ours say so, and a block made in an editor gets an id of its
own. TurboWarp's editor gives everything new ids when it saves; then a script is ours if it begins as one of ours does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cloudlink.sprite.identifiers import is_ours

Json = Any

# Where the author has put it; what it looks like (hidden) is the companion's own matter.
_PLACE = ("name", "x", "y", "size", "direction", "layerOrder", "volume")
_KEYS = ("variables", "lists")
_CALL, _PROTOTYPE = "procedures_call", "procedures_prototype"


def keep_authors_parts(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """Return the new sprite with what the author added to the old one.

    Args:
        old: the sprite as it is in the project.
        new: the sprite as it should be, its references bound to the project.
    """
    blocks = _authors_blocks(old, new)
    comments = _authors_comments(old, new, blocks)
    ids = {key: f"kept-{key}" for key in (*blocks, *comments) if key in new["blocks"] or key in new["comments"]}
    ids |= _data_ids(old, new)
    arguments = _arguments(new)
    kept = {ids.get(key, key): _carried(block, ids, arguments) for key, block in blocks.items()}
    used = {part for block in blocks.values() for part in _texts_in(block)}
    return {
        **old,
        **new,
        **{key: old[key] for key in _PLACE if key in old},
        "blocks": {**new["blocks"], **kept},
        "comments": {
            **new["comments"],
            **{ids.get(key, key): _carried_comment(one, ids) for key, one in comments.items()},
        },
        "costumes": [*new["costumes"], *_authors_costumes(old, new)],
        "sounds": old["sounds"],
        **{key: {**_authors_data(old, new, key, used), **new[key]} for key in _KEYS},
    }


def authors_scripts(sprite: Mapping[str, Json], ours: Mapping[str, Json]) -> int:
    """Return how many scripts of its author's a companion holds, besides those of `ours`."""
    return sum(_is_first(block) for key, block in sprite["blocks"].items() if key not in ours["blocks"])


def missing_blocks(sprite: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the custom blocks that scripts of a sprite call and that it does not define."""
    defined = set(_codes(sprite["blocks"], _PROTOTYPE))
    return tuple(sorted(set(_codes(sprite["blocks"], _CALL)) - defined))


def ids_are_lost(sprite: Mapping[str, Json]) -> bool:
    """Tell whether an editor has given everything in a companion new ids."""
    return not any(map(is_ours, sprite["blocks"]))


# Scripts.


def _authors_blocks(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """Return the blocks of all scripts that are not ours."""
    blocks = old["blocks"]
    firsts = [key for key, block in blocks.items() if _is_first(block)]
    if ids_are_lost(old):
        known = {_beginning(new["blocks"], key) for key, block in new["blocks"].items() if _is_first(block)}
        waiting = [key for key in firsts if _beginning(blocks, key) not in known]
    else:
        waiting = [key for key in firsts if not is_ours(key)]
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in blocks and key not in found:
            found.add(key)
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


def _beginning(blocks: Mapping[str, Json], key: str) -> str:
    """Return what a script is known by where ids mean nothing: its hat and the block below, or what it defines."""
    block = blocks[key]
    if isinstance(block, list):
        return json.dumps(block[:2])
    parts = [block.get("opcode"), _code(block), *(value[:1] for value in block["fields"].values())]
    inside = [blocks[part] for value in block["inputs"].values() for part in value[1:2] if part in blocks]
    defined = [code for one in inside if isinstance(one, dict) and (code := _code(one))]
    following = blocks.get(block.get("next"))
    if defined or not isinstance(following, dict):
        return json.dumps([parts, defined])
    return json.dumps([parts, following.get("opcode"), _code(following)])


def _code(block: Mapping[str, Json]) -> str | None:
    code = block.get("mutation", {}).get("proccode")
    return code if isinstance(code, str) else None


def _codes(blocks: Mapping[str, Json], opcode: str) -> Iterator[str]:
    for block in blocks.values():
        if isinstance(block, dict) and block.get("opcode") == opcode and (code := _code(block)):
            yield code


# What the author's scripts refer to.


def _data_ids(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, str]:
    """Return the new ids of the sprite's own variables and lists, where an editor has changed them."""
    if not ids_are_lost(old):
        return {}
    return {
        identifier: new_id
        for key in _KEYS
        for identifier, entry in old[key].items()
        for new_id, new_entry in new[key].items()
        if entry[0] == new_entry[0]
    }


def _authors_data(old: Mapping[str, Json], new: Mapping[str, Json], key: str, used: set[str]) -> dict[str, Json]:
    """Return variables or lists that are not ours, and of ours those that the author's scripts still use."""
    if ids_are_lost(old):
        names = {entry[0] for entry in new[key].values()}
        return {identifier: entry for identifier, entry in old[key].items() if entry[0] not in names}
    return {
        identifier: entry for identifier, entry in old[key].items() if not is_ours(identifier) or identifier in used
    }


def _texts_in(block: Json) -> Iterator[str]:
    """Return every text in a block where the id of a variable or list can stand."""
    values = [block] if isinstance(block, list) else [*block["fields"].values(), *block["inputs"].values()]
    for value in values:
        for part in value:
            yield from [part] if isinstance(part, str) else _texts_in(part) if isinstance(part, list) else ()


def _arguments(new: Mapping[str, Json]) -> dict[str, list[str]]:
    """Return the names of the inputs of each custom block."""
    return {
        code: json.loads(block["mutation"]["argumentids"])
        for block in new["blocks"].values()
        if block["opcode"] == _PROTOTYPE and (code := _code(block))
    }


def _carried(block: Json, ids: Mapping[str, str], arguments: Mapping[str, list[str]]) -> Json:
    """Return a block with new ids in the places of old ones."""
    if isinstance(block, list):
        return _with_ids(block, ids)
    links = {key: ids.get(block[key], block[key]) for key in ("next", "parent", "comment") if block.get(key)}
    inputs = {name: _with_ids(value, ids) for name, value in block["inputs"].items()}
    fields = {name: _with_ids(value, ids) for name, value in block["fields"].items()}
    carried = {**block, **links, "inputs": inputs, "fields": fields}
    wanted = arguments.get(_code(block) or "") if block.get("opcode") == _CALL else None
    return carried if wanted is None else _with_arguments(carried, wanted)


def _with_ids(value: list[Json], ids: Mapping[str, str]) -> list[Json]:
    # A text may look like an id; in `[10, "text"]` the second one is never replaced.
    if value[:1] and isinstance(value[0], int) and value[0] in range(4, 11) and len(value) == 2:
        return value
    return [
        ids.get(part, part) if isinstance(part, str) else _with_ids(part, ids) if isinstance(part, list) else part
        for part in value
    ]


def _with_arguments(call: dict[str, Json], wanted: list[str]) -> dict[str, Json]:
    """Return a call with the definition's names for its inputs."""
    try:
        given = json.loads(call["mutation"].get("argumentids", ""))
    except (TypeError, ValueError):
        return call
    if not isinstance(given, list) or len(given) != len(wanted) or given == wanted:
        return call
    names = {name: new for name, new in zip(given, wanted, strict=True) if isinstance(name, str)}
    return {
        **call,
        "inputs": {names.get(name, name): value for name, value in call["inputs"].items()},
        "mutation": {**call["mutation"], "argumentids": json.dumps(wanted, separators=(",", ":"))},
    }


# Comments and costumes.


def _authors_comments(old: Mapping[str, Json], new: Mapping[str, Json], blocks: Mapping[str, Json]) -> dict[str, Json]:
    """Return the comments on the author's blocks, and notes on the workspace that are not ours."""
    ours = [comment["text"] for comment in new["comments"].values()]
    return {
        key: comment
        for key, comment in old["comments"].items()
        if comment.get("blockId") in blocks
        or (comment.get("blockId") is None and not is_ours(key) and comment.get("text") not in ours)
    }


def _carried_comment(comment: Mapping[str, Json], ids: Mapping[str, str]) -> dict[str, Json]:
    owner = comment.get("blockId")
    return {**comment, "blockId": ids.get(owner, owner)} if owner else dict(comment)


def _authors_costumes(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[Json]:
    """Return the costumes that are not ours, which are found by their names."""
    names = [costume["name"] for costume in new["costumes"]]
    return [costume for costume in old["costumes"] if costume.get("name") not in names]
