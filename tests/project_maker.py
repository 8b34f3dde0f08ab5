"""Projects to send and to fetch: any, and small ones of a known kind."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class MadeProject:
    """A project's parts: its project.json, and its assets by their names."""

    content: dict[str, Any]
    assets: Mapping[str, bytes]

    def sb3(self, **more: bytes) -> bytes:
        """The file of it, with further entries, or others instead of its own."""
        content = json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()  # as LocalSite has it
        entries = {"project.json": content, **self.assets}
        return zipped(entries | {name.replace("__", "."): data for name, data in more.items()})


def zipped(entries: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
        return {name: archive.read(name) for name in archive.namelist()}


def name_of(data: bytes, extension: str) -> str:
    return f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}.{extension}"


def asset_entry(data: bytes, extension: str, *, name: str = "a", with_md5ext: bool = True) -> dict[str, Any]:
    full = name_of(data, extension)
    entry = {"name": name, "assetId": full.partition(".")[0], "dataFormat": extension}
    return entry | ({"md5ext": full} if with_md5ext else {})


def made(pictures: list[bytes], sounds: list[bytes] | None = None) -> MadeProject:
    """A project of a stage with these costumes and sounds."""
    sounds = sounds or []
    stage = {
        "isStage": True,
        "name": "Stage",
        "costumes": [asset_entry(data, "svg") for data in pictures],
        "sounds": [asset_entry(data, "wav") for data in sounds],
    }
    assets = {name_of(data, "svg"): data for data in pictures} | {name_of(data, "wav"): data for data in sounds}
    return MadeProject({"targets": [stage], "meta": {"semver": "3.0.0"}}, assets)


def numbered(count: int) -> MadeProject:
    """A project with so many different costumes."""
    return made([f"<svg>{number}</svg>".encode() for number in range(count)])


contents = st.binary(min_size=1, max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def modern_projects(draw: st.DrawFn) -> MadeProject:
    """Any project of Scratch 3.0: sprites that share assets, names in any language, what a later Scratch adds."""
    assets: dict[str, bytes] = {}

    def entries(extensions: list[str], least: int) -> list[dict[str, Any]]:
        found = []
        for data in draw(st.lists(contents, min_size=least, max_size=4)):
            extension = draw(st.sampled_from(extensions))
            assets[name_of(data, extension)] = data
            found.append(asset_entry(data, extension, name=draw(st.text(max_size=8)), with_md5ext=draw(st.booleans())))
        return found

    targets = [
        {
            "isStage": number == 0,
            "name": "Stage" if number == 0 else draw(st.text(max_size=8)),
            "costumes": entries(["svg", "png", "jpg", "bmp", "gif"], 1),
            "sounds": entries(["wav", "mp3"], 0),
            "blocks": draw(values),
        }
        for number in range(draw(st.integers(1, 3)))
    ]
    return MadeProject({"targets": targets, "meta": {"agent": draw(st.text(max_size=8))}, "x": draw(values)}, assets)


@st.composite
def old_projects(draw: st.DrawFn) -> MadeProject:
    """Any project of Scratch 2.0, as the site keeps it."""
    assets: dict[str, bytes] = {}

    def name(extensions: list[str]) -> str:
        data = draw(contents)
        made_name = name_of(data, draw(st.sampled_from(extensions)))
        assets[made_name] = data
        return made_name

    def costume() -> dict[str, Any]:
        found = {"costumeName": draw(st.text(max_size=8)), "baseLayerMD5": name(["png", "svg", "wav"])}
        return found | ({"textLayerMD5": name(["png"])} if draw(st.booleans()) else {})

    def sprite() -> dict[str, Any]:
        return {
            "objName": draw(st.text(max_size=8)),
            "costumes": [costume() for _ in range(draw(st.integers(1, 3)))],
            "sounds": [{"md5": name(["wav", "mp3"])} for _ in range(draw(st.integers(0, 3)))],
        }

    children = [sprite() for _ in range(draw(st.integers(0, 2)))]
    content = sprite() | {"penLayerMD5": name(["png"]), "children": [*children, {"target": "Stage"}]}
    return MadeProject(content, assets)
