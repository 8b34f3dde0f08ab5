"""Project files as archives: read with bounds, as they come from anyone, and changed member by member."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

from cloudlink.errors import SpriteError

MOST_MEMBERS: Final = 20_000
MOST_BYTES: Final = 1 << 29
"""Of all members together, unpacked. The site takes assets of at most 10 MB each; nobody's project comes near this."""
MOST_PROJECT_BYTES: Final = 50_000_000
"""Of the project.json; the site takes 5 MB, TurboWarp more."""

# As the editor looks for it (scratch-parser, unpack.js): some people zip a folder.
_PROJECT = re.compile(r"(?:[^/]*/)?project\.json")
_SPRITE = re.compile(r"(?:[^/]*/)?sprite\.json")
_NOT_SB3 = (
    (b"ScratchV0", "a project of Scratch 1.4"),
    (b"{", "the project.json alone; the archive that the editor saves is needed"),
)
# The oldest time a zip file can state.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16
_UNIX = 3


class Archive:
    """The members of an `.sb3` or `.sprite3`, all read.

    Args:
        data: the file.

    Attributes:
        content_name: the member that holds the JSON: "project.json" or "sprite.json", maybe in a folder.

    Raises:
        SpriteError: it is no archive of Scratch 3, is damaged or encrypted, or would unpack to more than the
            bounds of this module.
    """

    def __init__(self, data: bytes) -> None:
        for start, what in _NOT_SB3:
            if data.startswith(start):
                raise SpriteError(f"this is {what}; open it in the Scratch 3 editor and save it from there")
        try:
            self._read(data)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            raise SpriteError(f"the project's archive is damaged, or none: {error}") from error
        except (NotImplementedError, RuntimeError) as error:
            raise SpriteError(f"the project's archive is of a kind that Scratch does not make: {error}") from error
        self.content_name = self._find_content()

    def _read(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            self._check(infos)
            self._members = [(info, archive.read(info)) for info in infos]

    @staticmethod
    def _check(infos: list[zipfile.ZipInfo]) -> None:
        """Refuse what is too large before anything is unpacked; `read` never gives more than an entry states."""
        size = sum(info.file_size for info in infos)
        if len(infos) > MOST_MEMBERS or size > MOST_BYTES:
            raise SpriteError(
                f"the project's archive has {len(infos):,} members that unpack to {size:,} bytes, "
                f"more than {MOST_MEMBERS:,} or {MOST_BYTES:,}"
            )
        names = [info.filename for info in infos]
        if len(set(names)) < len(names):
            twin = next(name for name in names if names.count(name) > 1)
            raise SpriteError(f"the project's archive has two members called {twin!r:.80}")

    def _find_content(self) -> str:
        for form in (_PROJECT, _SPRITE):
            found = next((info for info, _ in self._members if form.fullmatch(info.filename)), None)
            if found is None:
                continue
            if found.file_size > MOST_PROJECT_BYTES:
                raise SpriteError(f"{found.filename} has {found.file_size:,} bytes, more than {MOST_PROJECT_BYTES:,}")
            return found.filename
        raise SpriteError("the archive has no project.json: it is no project of Scratch")

    @property
    def content(self) -> str:
        """The JSON, as text.

        Raises:
            SpriteError: it is no UTF-8.
        """
        data = next(content for info, content in self._members if info.filename == self.content_name)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SpriteError(f"{self.content_name} is no UTF-8 text: byte {error.start} is wrong") from error

    @property
    def assets(self) -> dict[str, bytes]:
        """The other members, by their names without a folder."""
        return {
            info.filename.rpartition("/")[2]: data for info, data in self._members if info.filename != self.content_name
        }

    @property
    def as_built(self) -> bool:
        """Whether all members are as `write_member` writes them; editors and other programs leave their own marks."""
        return all(
            (info.date_time, info.create_system, info.external_attr) == (_ZIP_TIME, _UNIX, _READABLE_FILE)
            for info, _ in self._members
        )

    def with_changes(self, content: str, assets: Mapping[str, bytes]) -> bytes:
        """Return the archive with another JSON and further assets; all other members stay as they are.

        Args:
            content: the JSON.
            assets: name -> bytes; those that it has already are not added.
        """
        packed = io.BytesIO()
        folder = self.content_name.rpartition("/")[0]
        prefix = f"{folder}/" if folder else ""
        present = {info.filename for info, _ in self._members}
        with zipfile.ZipFile(packed, "w") as archive:
            for info, data in self._members:
                archive.writestr(info, content.encode() if info.filename == self.content_name else data)
            for name, data in assets.items():
                if f"{prefix}{name}" not in present:
                    write_member(archive, f"{prefix}{name}", data)
        return packed.getvalue()


def write_member(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a member whose bytes depend on nothing but the name and the data."""
    info = zipfile.ZipInfo(name, _ZIP_TIME)
    info.create_system = _UNIX
    info.external_attr = _READABLE_FILE
    archive.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=9)
