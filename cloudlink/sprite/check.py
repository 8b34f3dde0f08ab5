"""Refuses project files whose JSON has not the form that the rest of this package relies on.

npm's scratch-parser does more; this is what keeps a stranger's file from ending in a Python error.
"""

from __future__ import annotations

from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.sprite.defaults import fill_in

Json = Any

_NAMED = ("variables", "lists")


def targets_of(content: Json) -> list[Json]:
    """Return the stage and the sprites of a project.json, or the one sprite of a sprite.json, checked.

    Raises:
        SpriteError: it is neither, or one of them has not the form that Scratch gives it.
    """
    if not isinstance(content, dict):
        raise SpriteError("the project is malformed: its JSON is no object")
    targets = content.get("targets", [content])
    if not isinstance(targets, list):
        raise SpriteError("the project is malformed: `targets` is no list")
    _check_each(targets)
    if "targets" in content:
        _check_stage(targets)
    for target in targets:
        _check_closely(target)
    monitors = content.setdefault("monitors", [])
    if not isinstance(monitors, list) or not all(map(_is_monitor, monitors)):
        raise SpriteError("the project is malformed: `monitors` are no list of monitors")
    return targets


def check_targets(targets: list[Json]) -> None:
    """Check the stage and the sprites of a project; what may be missing is added, empty.

    Raises:
        SpriteError: one has not the form that Scratch gives it, or there is not exactly one stage.
    """
    _check_each(targets)
    _check_stage(targets)


def _check_each(targets: list[Json]) -> None:
    for target in targets:
        if not isinstance(target, dict) or not isinstance(target.get("name"), str):
            raise SpriteError("the project is malformed: a sprite of it is no object with a name")
        target.setdefault("isStage", False)
        _check_target(target)


def _check_stage(targets: list[Json]) -> None:
    if sum(target["isStage"] is True for target in targets) != 1:
        raise SpriteError("the project is malformed: it has to have exactly one stage")


def _check_target(target: Json) -> None:
    for key in (*_NAMED, "broadcasts", "blocks", "comments"):
        _expect(target, isinstance(target.setdefault(key, {}), dict), f"`{key}` is no object")
    for key in ("costumes", "sounds"):
        fits = isinstance(target.setdefault(key, []), list) and all(isinstance(one, dict) for one in target[key])
        _expect(target, fits, f"`{key}` is no list of objects")
    for key in _NAMED:
        for entry in target[key].values():
            fits = isinstance(entry, list) and len(entry) >= 2 and isinstance(entry[0], str)
            _expect(target, fits, f"one of its {key} is no name with a value")
    fits = all(isinstance(message, str) for message in target["broadcasts"].values())
    _expect(target, fits, "a message has no name")
    fits = all(isinstance(one, dict) and _is_id(one.get("blockId")) for one in target["comments"].values())
    _expect(target, fits, "a comment is no object, or on no block")
    for block in target["blocks"].values():
        _check_block(target, block)


def _check_block(target: Json, block: Json) -> None:
    if isinstance(block, list):
        return
    _expect(target, isinstance(block, dict), "a block is neither an object nor an array")
    fill_in(block)
    for key in ("inputs", "fields"):
        slots = block[key]
        fits = isinstance(slots, dict) and all(isinstance(value, list) for value in slots.values())
        _expect(target, fits, f"`{key}` of a block are not arrays by name")
    fits = all(_is_id(block.get(key)) for key in ("next", "parent", "comment"))
    _expect(target, fits, "a link of a block is no id")
    _expect(target, isinstance(block.get("mutation", {}), dict), "`mutation` of a block is no object")


# What only the linter and the printer look at: stricter than Scratch, which loads some of it anyhow.


def _check_closely(target: Json) -> None:
    _expect(target, isinstance(target.setdefault("currentCostume", 0), int), "`currentCostume` is no number")
    for key in ("costumes", "sounds"):
        _expect(target, all(map(_is_asset, target[key])), f"one of the {key} has no name or no file")
    for block in target["blocks"].values():
        if isinstance(block, list):
            _expect(target, _is_literal(block), "a block is an array of an unknown form")
            continue
        _expect(target, isinstance(block.get("opcode"), str), "a block has no opcode")
        _expect(target, isinstance(block.get("mutation", {}).get("proccode", ""), str), "a custom block has no words")
        _expect(target, all(map(_is_input, block["inputs"].values())), "an input of a block has an unknown form")
        _expect(target, all(map(_is_field, block["fields"].values())), "a field of a block has an unknown form")


def _is_monitor(monitor: Json) -> bool:
    if not isinstance(monitor, dict) or not _is_id(monitor.get("spriteName")):
        return False
    monitor.setdefault("params", {})
    return isinstance(monitor.get("opcode"), str) and isinstance(monitor.get("id"), str)


def _is_asset(asset: Json) -> bool:
    return isinstance(asset.get("name"), str) and _is_id(asset.get("md5ext")) and isinstance(asset.get("assetId"), str)


def _is_input(value: Json) -> bool:
    return (
        len(value) > 1
        and isinstance(value[0], int)
        and all(_is_id(part) or (isinstance(part, list) and _is_literal(part)) for part in value[1:])
    )


def _is_literal(value: Json) -> bool:
    if len(value) < 2 or not isinstance(value[0], int):
        return False
    is_name = value[0] in range(11, 14)
    return isinstance(value[1], str if is_name else str | int | float) and _is_id(value[2] if len(value) > 2 else None)


def _is_field(value: Json) -> bool:
    return len(value) > 0 and _is_scalar(value[0]) and all(map(_is_id, value[1:2]))


def _is_scalar(value: Json) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_id(value: Json) -> bool:
    return value is None or isinstance(value, str)


def _expect(target: Json, fits: bool, problem: str) -> None:
    if not fits:
        raise SpriteError(f"the project is malformed: in {target['name']!r:.60}, {problem}")
