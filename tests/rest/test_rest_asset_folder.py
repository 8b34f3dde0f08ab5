from __future__ import annotations

from pathlib import Path

import pytest
from project_maker import name_of

from cloudlink.rest.asset_folder import AssetFolder

NAME = name_of(b"picture", "svg")


def test_what_was_put_is_there_for_the_next_one(tmp_path: Path) -> None:
    folder = AssetFolder(tmp_path / "new" / "maze.sb3")
    assert NAME not in folder
    folder.put(NAME, b"picture")
    again = AssetFolder(tmp_path / "new" / "maze.sb3")
    assert dict(again) == {NAME: b"picture"}
    assert AssetFolder(tmp_path / "new" / "other.sb3").get(NAME) is None


def test_what_was_cut_is_not_there(tmp_path: Path) -> None:
    folder = AssetFolder(tmp_path / "maze.sb3")
    folder.put(NAME, b"picture")
    (tmp_path / ".maze.sb3.part" / NAME).write_bytes(b"pict")
    assert NAME not in folder
    with pytest.raises(KeyError):
        folder[NAME]


def test_the_file_appears_whole_and_the_folder_goes(tmp_path: Path) -> None:
    target = tmp_path / "maze.sb3"
    target.write_bytes(b"old")
    folder = AssetFolder(target)
    folder.put(NAME, b"picture")

    def fail(file: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        folder.finish(fail)
    assert target.read_bytes() == b"old"
    assert NAME in folder
    folder.finish(lambda file: file.write(folder[NAME]))  # type: ignore[arg-type, return-value]
    assert target.read_bytes() == b"picture"
    assert list(tmp_path.iterdir()) == [target]


def test_only_an_empty_folder_is_left(tmp_path: Path) -> None:
    folder = AssetFolder(tmp_path / "maze.sb3")
    folder.leave()
    folder.put(NAME, b"picture")
    folder.leave()
    assert NAME in folder
    (tmp_path / ".maze.sb3.part" / NAME).unlink()
    folder.leave()
    assert list(tmp_path.iterdir()) == []
