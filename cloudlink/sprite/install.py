"""Puts the companion sprite and its cloud variables into a saved project, and touches nothing else.

Where the project has no companion yet, one is added behind the other sprites. Where it has one, that one is brought
up to date: its own scripts, tables and costumes are replaced; its name, its place on the stage and among the
sprites, and what the author added to it (scripts, variables, costumes, sounds) stay. Variables, lists and messages
for all sprites are found by name, as the editor finds them when a sprite is uploaded, and keep their ids, for other
sprites' blocks refer to these. All other members of the archive and all other sprites stay byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.limits import SCRATCH
from cloudlink.sprite.archive import Archive
from cloudlink.sprite.build import sprite_assets, sprite_json, stage_json
from cloudlink.sprite.check import check_targets
from cloudlink.sprite.defaults import without_defaults
from cloudlink.sprite.identifiers import is_ours
from cloudlink.sprite.raw_json import RawObject, from_json, raw_items, to_json
from cloudlink.sprite.source import SpriteSource, Table
from cloudlink.sprite.upgrade import authors_scripts, ids_are_lost, keep_authors_parts, missing_blocks

Json = Any

MARK = "cloudlink version"
"""The local variable by which the companion is known again, whatever its author or an editor renames."""

_CODES = {11: "broadcast", 12: "variable", 13: "list"}
_FIELDS = {"VARIABLE": "variable", "LIST": "list", "BROADCAST_OPTION": "broadcast"}
_KEYS = {"variable": "variables", "list": "lists", "broadcast": "broadcasts"}


@dataclass(frozen=True, slots=True)
class Change:
    """What an installation did to a project.

    Attributes:
        name: what the sprite is called in it.
        upgraded: whether it was there before.
        cloud_variables: those that were made, or made cloud variables.
        shared: variables and lists of these names were there before, and the sprite now uses them.
        kept_scripts: how many scripts of the author's the sprite itself holds.
        missing_blocks: custom blocks that scripts in the sprite call and that it no longer has.
    """

    name: str
    upgraded: bool
    cloud_variables: tuple[str, ...]
    shared: tuple[str, ...]
    kept_scripts: int
    missing_blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstalledJson:
    """A project.json with the companion in it.

    Attributes:
        content: the JSON text; the one given, to the character, if nothing had to change.
        assets: pictures that the sprite needs, as "md5.extension" -> bytes.
        change: what was done.
    """

    content: str
    assets: Mapping[str, bytes]
    change: Change


@dataclass(frozen=True, slots=True)
class Installed:
    """A project file with the companion in it.

    Attributes:
        project: the .sb3; the one given, to the byte, if nothing had to change.
        change: what was done.
    """

    project: bytes
    change: Change


def install(project: bytes, source: SpriteSource, *, tables: Mapping[str, Table]) -> Installed:
    """Put the companion into a project file, or bring the one in it up to date.

    Args:
        project: an .sb3.
        source: the companion's source; `companion_source()` for the usual one.
        tables: the tables it names; `sprite_tables()`.

    Raises:
        SpriteError: the file is no sound project of Scratch 3, has too few cloud variables left, has a variable or list
            that the sprite's would clash with, or holds two companions.
    """
    archive = Archive(project)
    if not archive.content_name.endswith("project.json"):
        raise SpriteError("this is a sprite, not a project; save the whole project from the editor")
    content = archive.content
    done = install_json(content, source, tables=tables)
    if done.content == content:
        return Installed(project, done.change)
    return Installed(archive.with_changes(done.content, done.assets), done.change)


def install_json(content: str, source: SpriteSource, *, tables: Mapping[str, Table]) -> InstalledJson:
    """As `install`, for a project's JSON alone, such as the site keeps it; its assets are stored one by one."""
    project = RawObject(content, what="the project.json")
    if "targets" not in project:
        raise SpriteError("this is no project of Scratch 3: it has no `targets`; open and save it in the editor")
    raw_targets = raw_items(project["targets"], what="the project's list of sprites")
    targets = [from_json(raw, what="a sprite of the project") for raw in raw_targets]
    check_targets(targets)
    stage_number = next(number for number, target in enumerate(targets) if target["isStage"])
    old_number = _companion_number(targets)
    old = None if old_number is None else targets[old_number]
    others = [target for target in targets if target is not old]

    sprite = sprite_json(source, tables=tables)
    assets = sprite_assets(source, sprite)
    stage = stage_json(source, tables=tables, messages=_messages(sprite))
    merged = _merge_stage(raw_targets[stage_number], targets[stage_number], stage, others, fresh=old is None)
    taken = _names_in_reach(targets[stage_number], old)
    sprite = _rebound(_with_own_names(sprite, taken), merged.replaced)
    ours = sprite
    if old is None:
        sprite |= {"name": _free_name(source.name, targets), "layerOrder": _next_layer(targets)}
    else:
        sprite = keep_authors_parts(old, sprite)
    if old_number is None:
        raw_targets.append(to_json(without_defaults(sprite)))
    elif sprite != old:
        raw_targets[old_number] = to_json(without_defaults(sprite))
    raw_targets[stage_number] = merged.raw
    targets_text = "[" + ",".join(raw_targets) + "]"
    if old is None or sprite != old or merged.changed:
        project.set("targets", targets_text)
        content = str(project)
    change = Change(
        sprite["name"],
        old is not None,
        merged.cloud,
        merged.shared,
        authors_scripts(sprite, ours),
        missing_blocks(sprite),
    )
    return InstalledJson(content, assets, change)


# What is there.


def _companion_number(targets: list[Json]) -> int | None:
    found = [
        number
        for number, target in enumerate(targets)
        if not target["isStage"] and any(entry[0] == MARK for entry in target["variables"].values())
    ]
    if len(found) > 1:
        names = ", ".join(repr(targets[number]["name"]) for number in found)
        raise SpriteError(f"the project has several companion sprites: {names}; delete all but one in the editor")
    return found[0] if found else None


def _free_name(name: str, targets: list[Json]) -> str:
    """Return the name, with a number behind it where the project has a sprite of that name: as the editor does."""
    taken = {target["name"] for target in targets}
    candidates = (name if number == 1 else f"{name}{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)


def _next_layer(targets: list[Json]) -> int:
    layers = [target.get("layerOrder") for target in targets]
    return 1 + max((layer for layer in layers if isinstance(layer, int)), default=0)


def _names_in_reach(stage: Json, old: Json) -> set[tuple[str, str]]:
    """Return (key, name) of the variables and lists that the sprite's own would hide or be taken for."""
    authors = old if old is not None and not ids_are_lost(old) else {"variables": {}, "lists": {}}
    return {
        (key, entry[0])
        for owner in (stage, authors)
        for key in ("variables", "lists")
        for identifier, entry in owner[key].items()
        if owner is stage or not is_ours(identifier)
    }


def _with_own_names(sprite: dict[str, Json], taken: set[tuple[str, str]]) -> dict[str, Json]:
    """Rename our sprite's own variables and lists where their names are taken, as the editor does on upload."""
    replaced = {}
    for kind, key in (("variable", "variables"), ("list", "lists")):
        for identifier, entry in sprite[key].items():
            if (key, entry[0]) in taken:
                entry[0] = f"{sprite['name']}: {entry[0]}"
                replaced[kind, identifier] = identifier, entry[0]
    return _rebound(sprite, replaced)


def _messages(sprite: Mapping[str, Json]) -> list[str]:
    return sorted({name for kind, name in (reference[:2] for reference in _references(sprite)) if kind == "broadcast"})


# The stage.


@dataclass(frozen=True, slots=True)
class _Merged:
    """The stage with the companion's variables, and (kind, id in the source) -> (id, name) in the project."""

    raw: str
    replaced: Mapping[tuple[str, str], tuple[str, str]]
    cloud: tuple[str, ...]
    shared: tuple[str, ...]
    changed: bool


def _merge_stage(raw: str, stage: Json, ours: Json, others: list[Json], *, fresh: bool) -> _Merged:
    """Add what is missing to the stage; refuse what would clash."""
    _refuse_clashes(ours, others)
    replaced: dict[tuple[str, str], tuple[str, str]] = {}
    cloud: list[str] = []
    shared: list[str] = []
    stage_text = RawObject(raw, what="the stage")
    changed = False
    used = {reference[2] for other in others for reference in _references(other)} if fresh else set()
    for kind, key in _KEYS.items():
        entries = RawObject(stage_text.get(key, "{}"), what=f"the stage's {key}")
        for our_id, entry in ours[key].items():
            name = entry if kind == "broadcast" else entry[0]
            found = _find(kind, name, stage[key])
            if found is None:
                identifier = _free_id(our_id, stage[key], others)
                entries.set(identifier, to_json(entry))
                changed = True
            else:
                identifier, name = found
                shared += [name] if fresh and kind != "broadcast" else []
            replaced[kind, our_id] = identifier, name
            if kind == "variable" and _is_cloud(entry):
                if found is not None and fresh and identifier in used:
                    raise SpriteError(
                        f"scripts of the project use the cloud variable {name!r}, which the sprite needs for itself; "
                        "rename it, or give the sprite's variables another prefix"
                    )
                if found is None or not _is_cloud(stage[key][identifier]):
                    entries.set(identifier, to_json([name, "0", True]))
                    cloud.append(name)
                    changed = True
        stage_text.set(key, str(entries))
    _refuse_too_many(stage, cloud)
    return _Merged(str(stage_text) if changed else raw, replaced, tuple(cloud), tuple(shared), changed)


def _is_cloud(entry: Json) -> bool:
    return len(entry) > 2 and entry[2] is True


def _find(kind: str, name: str, entries: Mapping[str, Json]) -> tuple[str, str] | None:
    """Return the id and name of what the project has by this name; Scratch's messages ignore case."""
    for identifier, entry in entries.items():
        if kind != "broadcast" and entry[0] == name:
            return identifier, name
        if kind == "broadcast" and entry.lower() == name.lower():
            return identifier, entry
    return None


def _free_id(identifier: str, entries: Mapping[str, Json], others: list[Json]) -> str:
    """Return the id, changed where the project has given it to something else."""
    taken = {
        *entries,
        *(key for other in others for keys in ("variables", "lists", "broadcasts") for key in other[keys]),
    }
    candidates = (identifier if number == 1 else f"{identifier}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)


def _refuse_clashes(ours: Json, others: list[Json]) -> None:
    """Refuse names that would stand for two things: the editor does not let anyone make such a project."""
    names = {key: {entry[0] for entry in ours[key].values()} for key in ("variables", "lists")}
    for other in others:
        for key, opposite in (("variables", "lists"), ("lists", "variables")):
            here = names[opposite] if other["isStage"] else names["variables"] | names["lists"]
            for name in sorted({entry[0] for entry in other[key].values()} & here):
                owner = "for all sprites" if other["isStage"] else f"of the sprite {other['name']!r}"
                raise SpriteError(
                    f"the project has a {key[:-1]} {name!r} {owner}, and the companion needs that name for all "
                    "sprites; rename it in the editor and save again"
                )


def _refuse_too_many(stage: Json, new: list[str]) -> None:
    present = sum(_is_cloud(entry) for entry in stage["variables"].values())
    if new and present + len(new) > SCRATCH.variables:
        raise SpriteError(
            f"the project has {present} cloud variables and the sprite needs {len(new)} more, but Scratch allows "
            f"{SCRATCH.variables}; delete {present + len(new) - SCRATCH.variables} of them, or use a sprite with fewer "
            "(--variables 1x1 needs two)"
        )


# References of blocks to what is for all sprites.


def _references(target: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Return (kind, name, id) of each variable, list and message that the blocks of a target name."""
    for block in target["blocks"].values():
        for holder, kind, at in _places(block):
            if at + 1 < len(holder) and isinstance(holder[at], str) and isinstance(holder[at + 1], str):
                yield kind, holder[at], holder[at + 1]


def _places(block: Json) -> Iterator[tuple[list[Json], str, int]]:
    """Return the arrays of a block that end in a name and an id: the array, what is named, where the name is."""
    if isinstance(block, list):
        yield from _primitive(block)
        return
    for name, field in block["fields"].items():
        if name in _FIELDS:
            yield field, _FIELDS[name], 0
    for value in block["inputs"].values():
        for part in value:
            yield from _primitive(part)


def _primitive(value: Json) -> Iterator[tuple[list[Json], str, int]]:
    if isinstance(value, list) and value and isinstance(value[0], int) and value[0] in _CODES:
        yield value, _CODES[value[0]], 1


def _rebound(sprite: dict[str, Json], replaced: Mapping[tuple[str, str], tuple[str, str]]) -> dict[str, Json]:
    """Let the blocks of our sprite, which is changed, refer to the project's ids."""
    for block in sprite["blocks"].values():
        for holder, kind, at in _places(block):
            if (kind, holder[at + 1]) in replaced:
                holder[at + 1], holder[at] = replaced[kind, holder[at + 1]]
    return sprite
