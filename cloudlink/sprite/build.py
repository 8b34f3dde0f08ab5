"""Builds project files from a sprite's source: `.sprite3`, to be imported, and `.sb3`, a whole project.

The same source gives the same bytes: ids are hashes, nothing depends on the time, the machine or the order of a
set. (The compressed bytes also depend on Python's zlib; to compare files of two machines, compare what is in them.)
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from cloudlink.blank import BLANK
from cloudlink.errors import SpriteError
from cloudlink.sprite.archive import write_member
from cloudlink.sprite.compiler import Compiled, Scope, compile_scripts, nearest
from cloudlink.sprite.defaults import without_defaults
from cloudlink.sprite.identifiers import global_id, local_id
from cloudlink.sprite.source import FromTable, Monitor, Scalar, SpriteSource, Starter, Table
from cloudlink.sprite.variant import cloud_names, documents, with_parts

Json = Any
T = TypeVar("T")

# The virtual machine whose format this is; the editor only reads `semver`.
_META = {"semver": "3.0.0", "vm": "5.0.300", "agent": ""}
_BACKDROP_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="360" viewBox="0 0 480 360">'
    b'<rect width="480" height="360" fill="#ffffff"/></svg>'
)


def build_sprite3(source: SpriteSource, *, tables: Mapping[str, Table]) -> bytes:
    """Return the `.sprite3` file of the companion, for "Upload Sprite" in the editor.

    Args:
        source: what `load_source` returned.
        tables: the tables that the source names.

    Raises:
        SpriteError: the source is wrong, or names a table that is not given.
    """
    sprite = sprite_json(source, tables=tables)
    return _pack("sprite.json", sprite, _assets([source]))


def build_sb3(
    source: SpriteSource,
    *,
    tables: Mapping[str, Table],
    extra_scripts: Mapping[str, str] | None = None,
    extra_variables: Mapping[str, Scalar] | None = None,
    extra_lists: Mapping[str, Sequence[Scalar]] | None = None,
) -> bytes:
    """Return a whole project, `.sb3`: the companion, its variables and the starter's sprites.

    Args:
        source: what `load_source` returned.
        tables: the tables that the source names.
        extra_scripts: name of a sprite -> scripts to be added to it; with a name that no sprite has, a new sprite
            gets them. Tests drive the companion's blocks with them.
        extra_variables: further variables for all sprites, for these scripts.
        extra_lists: further lists for all sprites.

    Raises:
        SpriteError: the source is wrong, or names a table that is not given.
    """
    source = with_extras(source, scripts=extra_scripts or {}, variables=extra_variables or {}, lists=extra_lists or {})
    return _pack("project.json", project_json(source, tables=tables), _assets([source, *source.starter.sprites]))


def with_extras(
    source: SpriteSource,
    *,
    scripts: Mapping[str, str],
    variables: Mapping[str, Scalar],
    lists: Mapping[str, Sequence[Scalar]],
) -> SpriteSource:
    """Return the source with what `build_sb3` can add to it."""
    starter = replace(
        source.starter,
        sprites=(
            *(_with_script(sprite, scripts) for sprite in source.starter.sprites),
            *(SpriteSource(name, ((_extra_file(name), scripts[name]),)) for name in _new_names(source, scripts)),
        ),
    )
    return replace(
        _with_script(source, scripts),
        variables={**source.variables, **variables},
        lists={**source.lists, **lists},
        starter=starter,
    )


def _new_names(source: SpriteSource, scripts: Mapping[str, str]) -> list[str]:
    known = {source.name, *(sprite.name for sprite in source.starter.sprites)}
    return [name for name in scripts if name not in known]


def _with_script(source: SpriteSource, scripts: Mapping[str, str]) -> SpriteSource:
    if source.name not in scripts:
        return source
    return replace(source, files=(*source.files, (_extra_file(source.name), scripts[source.name])))


def _extra_file(name: str) -> str:
    return f"extra scripts of {name}"


def sprite_json(source: SpriteSource, *, tables: Mapping[str, Table]) -> dict[str, Json]:
    """Return the companion as in the `sprite.json` of a `.sprite3`; arguments as for `build_sprite3`."""
    return _project(source, tables).companion()


def stage_json(source: SpriteSource, *, tables: Mapping[str, Table], messages: Sequence[str]) -> dict[str, Json]:
    """Return the stage of a project with the companion and these messages; arguments as for `build_sb3`."""
    return _project(replace(source, starter=Starter()), tables).stage(messages)


def sprite_assets(source: SpriteSource, sprite: Mapping[str, Json]) -> dict[str, bytes]:
    """Return the pictures of the costumes of `sprite_json`'s sprite, by their names in an archive."""
    named = {f"{costume['assetId']}.{costume['dataFormat']}" for costume in sprite["costumes"]}
    return {name: data for name, data in _assets([source]).items() if name in named}


def project_json(source: SpriteSource, *, tables: Mapping[str, Table]) -> dict[str, Json]:
    """Return the project as in the `project.json` of an `.sb3`; arguments as for `build_sb3`."""
    return _project(source, tables).json()


def _project(source: SpriteSource, tables: Mapping[str, Table]) -> _Project:
    return _Project(with_parts(source), tables)


@dataclass(frozen=True, slots=True)
class _Project:
    """The sprites of a project, and what is common to them."""

    source: SpriteSource
    tables: Mapping[str, Table]

    @property
    def variables(self) -> dict[str, Scalar]:
        """The variables for all sprites, without the cloud variables."""
        declared = {**self.source.variables, **self.source.starter.variables}
        return {name: self.scalar(name, value) for name, value in declared.items()}

    @property
    def lists(self) -> dict[str, list[Scalar]]:
        """The lists for all sprites."""
        declared = {**self.source.lists, **self.source.starter.lists}
        return {name: self.items(value) for name, value in declared.items()}

    @property
    def cloud_names(self) -> dict[str, str]:
        """The cloud variables: name in the source -> name in the project."""
        return cloud_names(self.source)

    def companion(self) -> dict[str, Json]:
        return self.sprite(self.source)[0]

    def json(self) -> dict[str, Json]:
        # The companion comes last: the editor opens a project with the blocks of its first sprite on the screen, and
        # would take long to draw thousands.
        sources = [*self.source.starter.sprites, self.source]
        _refuse_twins([source.name for source in sources], "two sprites are called {}")
        sprites = [self.sprite(source) for source in sources]
        messages = sorted(frozenset[str]().union(*(compiled.messages for _, compiled in sprites)))
        _refuse_twins(
            [name.lower() for name in messages], "two messages are called {}, but for upper case, which Scratch ignores"
        )
        for order, (target, _) in enumerate(sprites, 1):
            target["layerOrder"] = order
        return {
            "targets": [self.stage(messages), *(target for target, _ in sprites)],
            "monitors": [self.monitor(monitor) for monitor in self.source.starter.monitors],
            "extensions": [],
            "meta": _META,
        }

    def stage(self, messages: Sequence[str]) -> dict[str, Json]:
        cloud = {global_id("variable", name): [name, "0", True] for name in self.cloud_names.values()}
        plain = {global_id("variable", name): [name, value] for name, value in _sorted(self.variables)}
        return {
            "isStage": True,
            "name": "Stage",
            "variables": cloud | plain,
            "lists": {global_id("list", name): [name, items] for name, items in _sorted(self.lists)},
            "broadcasts": {global_id("broadcast", name): name for name in messages},
            "blocks": {},
            "comments": {},
            "currentCostume": 0,
            "costumes": [_costume("backdrop1", _BACKDROP_SVG)],
            "sounds": [],
            "volume": 100,
            "layerOrder": 0,
            "tempo": 60,
            "videoTransparency": 50,
            "videoState": "on",
            "textToSpeechLanguage": None,
        }

    def sprite(self, source: SpriteSource) -> tuple[dict[str, Json], Compiled]:
        """Return a sprite's target, and its scripts compiled."""
        costumes = self.costumes(source)
        compiled = compile_scripts(
            documents(source, self.source.numbered),
            self.scope(source, [costume["name"] for costume in costumes]),
        )
        appearance = source.appearance
        target = {
            "isStage": False,
            "name": source.name,
            "variables": {
                local_id("variable", source.name, name): [name, self.scalar(name, value)]
                for name, value in _sorted(source.local_variables)
            },
            "lists": {
                local_id("list", source.name, name): [name, self.items(value)]
                for name, value in _sorted(source.local_lists)
            },
            "broadcasts": {},
            "blocks": compiled.blocks,
            "comments": compiled.comments,
            "currentCostume": 0,
            "costumes": costumes,
            "sounds": [],
            "volume": 100,
            "visible": appearance.visible,
            "x": appearance.x,
            "y": appearance.y,
            "size": appearance.size,
            "direction": appearance.direction,
            "draggable": appearance.draggable,
            "rotationStyle": appearance.rotation_style,
        }
        return target, compiled

    def scope(self, source: SpriteSource, costumes: Sequence[str]) -> Scope:
        """Return the names that a sprite's scripts may use."""
        companion = self.source
        everywhere = list(companion.variables)
        shared_lists = list(companion.lists)
        if source is not companion:
            everywhere += companion.starter.variables
            shared_lists += companion.starter.lists
        _refuse_twins(
            [*self.cloud_names, *everywhere, *shared_lists, *source.local_variables, *source.local_lists],
            "two variables or lists are called {}; (name) could stand for both",
        )
        cloud = {name: global_id("variable", shown) for name, shown in self.cloud_names.items()}
        variables = {name: global_id("variable", name) for name in everywhere}
        lists = {name: global_id("list", name) for name in shared_lists}
        variables |= cloud | {name: local_id("variable", source.name, name) for name in source.local_variables}
        lists |= {name: local_id("list", source.name, name) for name in source.local_lists}
        _refuse_twins([*variables.values(), *lists.values()], "two names have the id {} by chance; change one of them")
        return Scope(source.name, variables, lists, costumes, self.cloud_names)

    def costumes(self, source: SpriteSource) -> list[dict[str, Json]]:
        costumes = source.costumes
        more = map(str, self.table(costumes.table)) if costumes.table else ()
        drawn = [_costume(drawing.name, drawing.svg) for drawing in costumes.drawings]
        empty = [_empty_costume(name) for name in (*costumes.names, *more)]
        found = drawn + empty or [_empty_costume("costume1")]
        # The editor would rename the second one on loading.
        _refuse_twins([costume["name"] for costume in found], f"two costumes of {source.name} are called {{}}")
        return found

    def scalar(self, name: str, value: Scalar | FromTable) -> Scalar:
        if not isinstance(value, FromTable):
            return value
        table = self.table(value.table)
        if not isinstance(table, str):
            raise SpriteError(f"the variable `{name}` needs a text, but the table `{value.table}` is a list")
        return table

    def items(self, value: Sequence[Scalar] | FromTable) -> list[Scalar]:
        if not isinstance(value, FromTable):
            return list(value)
        return [item for name in (value.table, *value.more) for item in self.table(name)]

    def table(self, name: str) -> Table:
        if name not in self.tables:
            raise SpriteError(f"the builder was given no table `{name}`{nearest(name, self.tables)}")
        return self.tables[name]

    def monitor(self, monitor: Monitor) -> dict[str, Json]:
        kind = "list" if monitor.is_list else "variable"
        owner = next((one for one in self.sprites_with(monitor)), None)
        shared: Mapping[str, Json] = self.lists if monitor.is_list else self.variables
        name = self.cloud_names.get(monitor.name, monitor.name)
        if monitor.name in shared or monitor.name in self.cloud_names:
            owner, identifier = None, global_id(kind, name)
        elif owner:
            identifier = local_id(kind, owner, monitor.name)
        else:
            raise SpriteError(f"the starter's monitors: no {kind} is called `{monitor.name}`")
        shown = {
            "id": identifier,
            "mode": "list" if monitor.is_list else "default",
            "opcode": "data_listcontents" if monitor.is_list else "data_variable",
            "params": {kind.upper(): name},
            "spriteName": owner,
            "value": [] if monitor.is_list else "",
            "width": monitor.width,
            "height": monitor.height,
            "x": monitor.x,
            "y": monitor.y,
            "visible": True,
        }
        slider = {"sliderMin": 0, "sliderMax": 100, "isDiscrete": True}
        return shown if monitor.is_list else shown | slider

    def sprites_with(self, monitor: Monitor) -> list[str]:
        """Return the names of the sprites that have this variable or list of their own."""
        return [
            source.name
            for source in (self.source, *self.source.starter.sprites)
            if monitor.name in (source.local_lists if monitor.is_list else source.local_variables)
        ]


def _sorted(named: Mapping[str, T]) -> list[tuple[str, T]]:
    """Variables or lists as the editor sorts them, which it does anew for each block: sorted, it is soon done."""
    return sorted(named.items(), key=lambda item: item[0].lower())


def _refuse_twins(names: Sequence[str], problem: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SpriteError(problem.format(f"`{name}`"))
        seen.add(name)


# Costumes and files.


def _costume(name: str, svg: bytes) -> dict[str, Json]:
    width, height = _svg_size(name, svg)
    asset = _asset_id(svg)
    return {
        "name": name,
        "bitmapResolution": 1,
        "dataFormat": "svg",
        "assetId": asset,
        "md5ext": f"{asset}.svg",
        "rotationCenterX": width / 2,
        "rotationCenterY": height / 2,
    }


def _empty_costume(name: str) -> dict[str, Json]:
    """A costume with only what every project must say of it; the companion has a thousand of them."""
    return {"name": name, "assetId": BLANK, "dataFormat": "svg"}


def _svg_size(name: str, svg: bytes) -> tuple[float, float]:
    sizes = [re.search(rb'<svg[^>]*?\s%b="([\d.]+)(?:px)?"' % side, svg) for side in (b"width", b"height")]
    if not all(sizes):
        raise SpriteError(f'the drawing `{name}` has no size: its <svg> needs width="..." and height="..."')
    width, height = (float(size[1]) for size in sizes if size)
    return width, height


def _asset_id(data: bytes) -> str:
    # Not for security: it is how Scratch names its assets.
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _assets(sources: Sequence[SpriteSource]) -> dict[str, bytes]:
    drawn = [drawing.svg for source in sources for drawing in source.costumes.drawings]
    return {f"{_asset_id(data)}.svg": data for data in (_BACKDROP_SVG, *drawn)}


def _pack(name: str, content: Json, assets: Mapping[str, bytes]) -> bytes:
    text = json.dumps(without_defaults(content), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        near = text[max(0, error.start - 20) : error.end]
        raise SpriteError(f"half a surrogate pair cannot be in a project: {near!r}") from error
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file, content_bytes in {name: data, **dict(sorted(_used(text, assets).items()))}.items():
            write_member(archive, file, content_bytes)
    return packed.getvalue()


def _used(text: str, assets: Mapping[str, bytes]) -> dict[str, bytes]:
    return {file: data for file, data in assets.items() if file.partition(".")[0] in text}
