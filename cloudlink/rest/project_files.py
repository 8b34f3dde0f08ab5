"""What a project's file holds, and files made of it. Pure (reference, section 7.1).

The site serves a project in pieces: its JSON, and each picture and sound under the MD5 of its bytes. Only projects
of Scratch 1.4 come whole.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final, Literal

from cloudlink.errors import BadResponse, InvalidArgument
from cloudlink.rest.fields import as_object, look, parse_json, text

Kind = Literal["sb3", "sb2", "sb", "zip"]

MAX_JSON: Final = 50_000_000
"""Most bytes of a project.json in an archive; the site takes about 5 MB. It keeps a forged archive from growing."""

MAX_ASSETS: Final = 10_000
"""Most assets of a project; the largest that are known have some thousands."""

_ASSET_NAME: Final = re.compile(r"[0-9a-f]{32}\.[A-Za-z0-9]{1,5}")
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # the same project gives the same bytes


def kind_of(data: bytes) -> Kind:
    """Which Scratch a project file is for: "sb3", "sb2", "sb" (1.4, complete), or "zip" (an archive of one).

    Raises:
        BadResponse: it is none of them.
    """
    if data.startswith(b"ScratchV0"):
        return "sb"
    if data.startswith(b"PK"):
        return "zip"
    content = as_object(parse_json(data, of="the project's file"), of="the project's file")
    if isinstance(content.get("targets"), list):
        return "sb3"
    if "objName" in content:
        return "sb2"
    raise BadResponse("the project's file is of no Scratch that is known: it has neither targets nor objName")


def json_in(archive: bytes) -> bytes:
    """The project.json in an archive.

    Raises:
        BadResponse: it is no archive, or has no project.json of a bearable size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open("project.json") as entry:
            data = entry.read(MAX_JSON + 1)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        raise BadResponse(f"the project's archive cannot be read: {type(error).__name__}") from error
    except Exception as error:  # zlib.error and lzma.LZMAError share no parent
        raise BadResponse(f"the project's archive is damaged: {type(error).__name__}") from error
    if len(data) > MAX_JSON:
        raise BadResponse(f"the project.json in the archive has more than {MAX_JSON:,} bytes")
    return data


def asset_names(content: Mapping[str, Any]) -> list[str]:
    """The pictures and sounds that a project.json names, each once, as "md5.extension".

    Raises:
        BadResponse: a name is not of that form, or there are more than 10,000.
    """
    names = (_modern_names if "targets" in content else _old_names)(content)
    unique = dict.fromkeys(names)
    if len(unique) > MAX_ASSETS:
        raise BadResponse(f"the project names {len(unique):,} assets, more than {MAX_ASSETS:,}")
    for name in unique:
        if not _ASSET_NAME.fullmatch(name):
            raise BadResponse(f"the project names the asset {name[:60]!r}, which is not an MD5 and an extension")
    return list(unique)


def _objects(value: Any, key: str) -> Iterator[dict[str, Any]]:
    found = look(value, key)
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict):
            yield item


def _modern_names(content: Mapping[str, Any]) -> Iterator[str]:
    for target in _objects(content, "targets"):
        for kind in ("costumes", "sounds"):
            for asset in _objects(target, kind):
                name = text(asset, "md5ext")  # may be missing
                yield name if name is not None else f"{text(asset, 'assetId')}.{text(asset, 'dataFormat')}"


def _old_parts(content: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Each named file of a 2.0 project: the object that names it, the key of its name and the key of its number."""
    stage = dict(content) if not isinstance(content, dict) else content
    for sprite in (stage, *(child for child in _objects(stage, "children") if "costumes" in child)):
        if text(sprite, "penLayerMD5"):
            yield sprite, "penLayerMD5", "penLayerID"
        for costume in _objects(sprite, "costumes"):
            for name, number in (("baseLayerMD5", "baseLayerID"), ("textLayerMD5", "textLayerID")):
                if text(costume, name):
                    yield costume, name, number
        for sound in _objects(sprite, "sounds"):
            if text(sound, "md5"):
                yield sound, "md5", "soundID"


def _old_names(content: Mapping[str, Any]) -> Iterator[str]:
    for part, name, _ in _old_parts(content):
        yield part[name]


def is_asset(name: str, data: bytes) -> bool:
    """Whether the bytes have the MD5 that the name tells."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest() == name.partition(".")[0]


def pack(content_json: bytes, assets: Mapping[str, bytes], *, to: IO[bytes]) -> None:
    """Write the .sb3 or .sb2 file of a project.

    Args:
        content_json: its project.json.
        assets: its pictures and sounds under the names that `asset_names` gives; each is looked up once, when it
            is written, so that they need not all be in memory.
        to: the file that is written.

    Raises:
        InvalidArgument: an asset is missing.
    """
    content = as_object(parse_json(content_json, of="project.json"), of="project.json")
    names = asset_names(content)
    missing = [name for name in names if name not in assets]
    if missing:
        raise InvalidArgument(f"{len(missing)} assets are missing, such as {missing[0]}; fetch them first")
    if "targets" in content:
        files = {name: name for name in names}
    else:
        content_json, files = _numbered(json.loads(content_json))
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "project.json", content_json)
        for file, name in files.items():
            _add(archive, file, assets[name])


def _numbered(content: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """The project.json of an .sb2 and the assets by their names in it.

    An .sb2 numbers its files, pictures and sounds each on their own, and writes the numbers into the JSON.
    """
    numbers: dict[tuple[str, str], int] = {}
    files: dict[str, str] = {}
    following = {"picture": 0, "sound": 0}
    for part, name, key in _old_parts(content):
        family = "sound" if key == "soundID" else "picture"
        asset = part[name]
        if (family, asset) not in numbers:
            # Nothing keeps a picture from being named like a sound, 0.wav; then the later one goes on counting.
            while (file := f"{following[family]}.{asset.partition('.')[2]}") in files:
                following[family] += 1
            files[file] = asset
            numbers[family, asset] = following[family]
            following[family] += 1
        part[key] = numbers[family, asset]
    return json_bytes(content), files


def json_bytes(value: Any) -> bytes:
    """A value as JSON in UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, which JavaScript's texts may end with
        return json.dumps(value).encode()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EARLIEST), data, zipfile.ZIP_DEFLATED)
