"""The assets of a download that is under way, so that an interrupted one can be continued.

    1182391014.sb3                      appears at the end, whole
    .1182391014.sb3.part/               while it is under way, or if it was interrupted
        83a66ca319837b936c3cb36d4b3f7ba7.svg    each asset that has arrived

An asset's name is the MD5 of its bytes, so it cannot be of an older version of the project. The project.json, which
can, is not kept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from cloudlink.rest.project_files import is_asset


class AssetFolder(Mapping[str, bytes]):
    """The assets that have arrived for a file, in a hidden folder beside it.

    Several threads may `put` at the same time.

    Args:
        target: the file that is to be written in the end.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f".{target.name}.part")

    def __getitem__(self, name: str) -> bytes:
        try:
            data = (self._path / name).read_bytes()
        except OSError:
            raise KeyError(name) from None
        if not is_asset(name, data):  # a disk may break off in the middle, too
            raise KeyError(name)
        return data

    def __iter__(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError):
            yield from (path.name for path in self._path.iterdir())

    def __len__(self) -> int:
        return len(list(iter(self)))

    def put(self, name: str, data: bytes) -> None:
        """Keep an asset. After this it is there, whole, whatever happens."""
        self._path.mkdir(parents=True, exist_ok=True)
        fresh = self._path / f"{name}.{os.getpid()}-{threading.get_ident()}"
        fresh.write_bytes(data)
        fresh.replace(self._path / name)

    def finish(self, write: Callable[[IO[bytes]], None]) -> None:
        """Let the file be written, put it in its place at once, and take the folder away.

        Args:
            write: writes the whole file.
        """
        self._path.mkdir(parents=True, exist_ok=True)
        whole = self._path / "whole"
        with whole.open("wb") as file:
            write(file)
        whole.replace(self._target)
        shutil.rmtree(self._path, ignore_errors=True)

    def leave(self) -> None:
        """Take the folder away if nothing is in it."""
        with contextlib.suppress(OSError):
            self._path.rmdir()
