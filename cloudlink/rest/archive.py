"""A Scratch 3.0 project file of one's own, checked before anything of it goes to the site."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from cloudlink.blank import BLANK
from cloudlink.errors import InvalidArgument
from cloudlink.rest.project_files import MAX_ASSETS, is_asset

MAX_PROJECT: Final = 5 << 20
"""Most bytes of a project.json that the site takes (reported, reference section 7.3)."""

MAX_ASSET: Final = 10 << 20
"""Most bytes of an asset that the site takes (reported, section 7.4)."""

MAX_FILE: Final = 1 << 30
"""Most bytes of a file that is read into memory because it cannot be read from the disk in pieces."""

_ASSET_ID: Final = re.compile(r"[0-9a-f]{32}")
_EXTENSION: Final = re.compile(r"[a-z0-9]{1,5}")
_AGAIN: Final = "open it in the Scratch editor and save it to your computer again, which makes an .sb3"

ProjectSource = str | Path | bytes | IO[bytes]
"""A project file: its path, its bytes, or a file that is open for reading."""


class ProjectArchive(Mapping[str, bytes]):
    """An .sb3 whose parts are all there and whole. Close it, or use it as a context manager.

    Only the empty picture, which the site has, may be missing (`cloudlink.blank`).

    It maps the names of its assets, "md5.extension", to their bytes, which are read when they are asked for; several
    threads may ask.

    Args:
        source: the path of the file, its bytes, or a file that is open for reading.

    Attributes:
        content: the project.json.

    Raises:
        InvalidArgument: it is no .sb3 that the site would take; the message tells what is wrong with it.
    """

    def __init__(self, source: ProjectSource) -> None:
        self._label = str(source) if isinstance(source, str | Path) else "the project file"
        self._zip = self._opened(source)
        try:
            self.content = self._read_content()
            self._names = self._checked_names()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ProjectArchive {self._label!r}: {len(self)} assets>"

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        return self._asset(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def close(self) -> None:
        """Close the file, unless it was handed in open."""
        self._zip.close()

    def _opened(self, source: ProjectSource) -> zipfile.ZipFile:
        try:
            file = _seekable(source)
            start = _first_bytes(file)
            if start.startswith(b"ScratchV0"):
                raise self._wrong(f"it is of Scratch 1.4, which the site no longer takes; {_AGAIN}")
            if start.lstrip()[:1] == b"{":
                raise self._wrong("it is a project.json, not an .sb3; set_json() saves that")
            return zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            if isinstance(error, InvalidArgument):
                raise
            raise self._wrong(f"it cannot be read as an .sb3 ({type(error).__name__})") from error

    def _wrong(self, what: str) -> InvalidArgument:
        return InvalidArgument(f"{self._label}: {what}")

    def _read(self, name: str, limit: int) -> bytes:
        """A file in the archive; its length is told by nobody but itself, so it is read to the limit at most."""
        try:
            with self._zip.open(name) as entry:
                data = entry.read(limit + 1)
        except KeyError:
            raise self._wrong(f"{name} is missing in it; {_AGAIN}") from None
        except Exception as error:  # zlib.error, BadZipFile, EOFError, RuntimeError for a password: no common parent
            raise self._wrong(f"{name} in it is damaged ({type(error).__name__}); {_AGAIN}") from error
        if len(data) > limit:
            raise self._wrong(f"{name} in it has more than {limit:,} bytes, which the site does not take")
        return data

    def _asset(self, name: str) -> bytes:
        data = self._read(name, MAX_ASSET)
        if not is_asset(name, data):
            raise self._wrong(f"the asset {name} has other bytes than its name says; {_AGAIN}")
        return data

    def _read_content(self) -> bytes:
        if self._zip.namelist().count("project.json") > 1:
            raise self._wrong(f"there is more than one project.json in it; {_AGAIN}")
        return self._read("project.json", MAX_PROJECT)

    def _checked_names(self) -> dict[str, None]:
        try:
            content = json.loads(self.content.decode())
        except (ValueError, RecursionError):
            raise self._wrong(f"its project.json is not JSON; {_AGAIN}") from None
        if isinstance(content, dict) and "objName" in content:
            raise self._wrong(f"it is of Scratch 2.0, which the site no longer takes; {_AGAIN}")
        names = dict.fromkeys(name for target in self._targets(content) for name in self._assets(target))
        if len(names) > MAX_ASSETS:
            raise self._wrong(f"it has {len(names):,} assets, more than {MAX_ASSETS:,}")
        if f"{BLANK}.svg" not in self._zip.namelist():
            names.pop(f"{BLANK}.svg", None)
        for name in names:
            self._asset(name)
        return names

    def _targets(self, content: Any) -> list[Mapping[str, Any]]:
        targets = content.get("targets") if isinstance(content, dict) else None
        if not isinstance(targets, list) or not all(isinstance(target, dict) for target in targets):
            raise self._wrong(f"its project.json has no list of targets; {_AGAIN}")
        if sum(target.get("isStage") is True for target in targets) != 1:
            raise self._wrong(f"its project.json has not exactly one stage; {_AGAIN}")
        return targets

    def _assets(self, target: Mapping[str, Any]) -> Iterator[str]:
        sprite = f"target {str(target.get('name'))[:60]!r}"
        for kind, least in (("costumes", 1), ("sounds", 0)):
            found = target.get(kind)
            if not isinstance(found, list) or len(found) < least:
                raise self._wrong(f"{sprite} has no list of {kind}; {_AGAIN}")
            yield from (self._name(asset, f"{sprite}, {kind}") for asset in found)

    def _name(self, asset: Any, place: str) -> str:
        asset_id, extension = (asset.get(key) if isinstance(asset, dict) else None for key in ("assetId", "dataFormat"))
        name = f"{asset_id}.{extension}"
        if not (
            isinstance(asset_id, str)
            and isinstance(extension, str)
            and _ASSET_ID.fullmatch(asset_id)
            and _EXTENSION.fullmatch(extension)
            and asset.get("md5ext") in (None, name)
        ):
            raise self._wrong(f"{place}: one is not named by an MD5 and an extension ({name[:60]!r}); {_AGAIN}")
        return name


def _seekable(source: ProjectSource) -> Path | IO[bytes]:
    """What can be read from any place in it; ValueError if it is too big for that."""
    if isinstance(source, str | Path):
        return Path(source)
    if isinstance(source, bytes):
        return BytesIO(source)
    if source.seekable():
        return source
    data = source.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise ValueError(f"more than {MAX_FILE:,} bytes")
    return BytesIO(data)


def _first_bytes(file: Path | IO[bytes]) -> bytes:
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return opened.read(64)
    file.seek(0, os.SEEK_SET)
    return file.read(64)
