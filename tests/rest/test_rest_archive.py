from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from offline_site import sample
from project_maker import asset_entry, made, modern_projects, numbered, zipped

from cloudlink.blank import BLANK
from cloudlink.errors import InvalidArgument
from cloudlink.rest import archive
from cloudlink.rest.archive import ProjectArchive
from cloudlink.sprite.companion import starter_sb3

SVG = b"<svg/>"
GOOD = made([SVG], [b"RIFF"])


def refused(source: Any, match: str) -> None:
    with pytest.raises(InvalidArgument, match=match):
        ProjectArchive(source)


def with_content(content: Any) -> bytes:
    return zipped({"project.json": json.dumps(content).encode(), **GOOD.assets})


def with_stage(**changes: Any) -> bytes:
    stage = GOOD.content["targets"][0]
    return with_content({"targets": [{key: value for key, value in (stage | changes).items() if value is not ...}]})


@given(project=modern_projects())
def test_a_whole_file_tells_its_assets(project: Any) -> None:
    with ProjectArchive(project.sb3(readme__txt=b"more")) as opened:
        assert json.loads(opened.content) == project.content
        assert dict(opened) == project.assets


@given(data=st.binary(max_size=200) | st.binary(max_size=50).map(lambda data: b"PK\x03\x04" + data))
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    refused(data, "the project file: ")


@given(data=st.data())
def test_any_damage_is_our_error_or_does_no_harm(data: st.DataObject) -> None:
    good = GOOD.sb3()
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 40)))
    try:
        with ProjectArchive(good[:start] + data.draw(st.binary(max_size=40)) + good[end:]) as opened:
            assert dict(opened) == GOOD.assets
    except InvalidArgument as error:
        assert str(error).startswith("the project file: ")  # noqa: PT017


def test_projects_of_older_scratches_are_refused_with_the_way_out() -> None:
    way_out = "save it to your computer again, which makes an .sb3"
    refused(sample("projectfile_sb1"), rf"Scratch 1\.4.*{way_out}")
    refused(with_content({"objName": "Stage"}), rf"Scratch 2\.0.*{way_out}")
    refused(sample("projectjson_sb3"), r"project\.json, not an \.sb3; set_json")


def test_the_message_names_the_file(tmp_path: Path) -> None:
    refused(tmp_path / "no.sb3", r"no\.sb3: it cannot be read as an \.sb3 \(FileNotFoundError\)")
    refused(tmp_path, "IsADirectoryError|PermissionError")
    (tmp_path / "empty.sb3").touch()
    refused(str(tmp_path / "empty.sb3"), r"empty\.sb3: .*BadZipFile")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ([], "no list of targets"),
        ({}, "no list of targets"),
        ({"targets": [1]}, "no list of targets"),
        ({"targets": []}, "exactly one stage"),
        ({"targets": GOOD.content["targets"] * 2}, "exactly one stage"),
    ],
)
def test_a_content_that_is_no_project_is_refused(content: Any, match: str) -> None:
    refused(with_content(content), match)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"costumes": ...}, "target 'Stage' has no list of costumes"),
        ({"costumes": []}, "no list of costumes"),
        ({"sounds": {}}, "no list of sounds"),
        ({"costumes": [5]}, "not named by an MD5"),
        ({"costumes": [{}]}, "not named by an MD5"),
        ({"costumes": [asset_entry(SVG, "svg") | {"assetId": "../../../../../../etc/passwd"}]}, "not named by an MD5"),
        ({"costumes": [asset_entry(SVG, "svg") | {"dataFormat": "svg/.."}]}, "not named by an MD5"),
        ({"costumes": [asset_entry(SVG, "svg") | {"md5ext": "0" * 32 + ".svg"}]}, "not named by an MD5"),
        ({"costumes": [asset_entry(b"elsewhere", "svg")]}, r"\.svg is missing"),
    ],
)
def test_a_sprite_that_lacks_something_is_named(changes: dict[str, Any], match: str) -> None:
    refused(with_stage(**changes), match)


def test_only_the_empty_picture_that_the_site_has_may_be_missing() -> None:
    empty = {"name": "A", "assetId": BLANK, "dataFormat": "svg"}
    own = GOOD.content["targets"][0]["costumes"]
    with ProjectArchive(with_stage(costumes=[*own, empty])) as opened:
        assert dict(opened) == GOOD.assets
    refused(with_stage(costumes=[empty | {"dataFormat": "png"}]), r"\.png is missing")


def test_the_starter_project_can_be_uploaded() -> None:
    with ProjectArchive(starter_sb3()) as opened:
        assert len(opened) == 2


def test_an_archive_without_a_project_is_refused() -> None:
    refused(zipped({"a.txt": b""}), r"project\.json is missing")
    refused(zipped({"folder/project.json": b"{}"}), r"project\.json is missing")
    refused(zipped({"project.json": b"{"}), "not JSON")
    refused(zipped({"project.json": b"\xff\xfe{\x00}\x00"}), "not JSON")
    refused(zipped({"project.json": b"[" * 100_000}), "not JSON")


def test_two_of_a_name_are_refused_if_they_are_projects_and_checked_if_they_are_assets() -> None:
    name = next(iter(GOOD.assets))
    content = json.dumps(GOOD.content).encode()
    entries = [("project.json", content), *GOOD.assets.items()]
    refused(twice([*entries, ("project.json", content)]), r"more than one project\.json")
    refused(twice([*entries, (name, b"others")]), "other bytes")


def twice(entries: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's own, about the second entry of a name
        for name, data in entries:
            opened.writestr(name, data)
    return buffer.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    refused(zipped({"project.json": bytes(archive.MAX_PROJECT + 1)}), r"project\.json in it has more than 5,242,880")
    bomb = made([bytes(archive.MAX_ASSET + 1)])
    assert len(bomb.sb3()) < 50_000
    refused(bomb.sb3(), "more than 10,485,760 bytes, which the site does not take")


def test_too_many_assets_are_refused() -> None:
    costumes = [{"assetId": f"{number:032x}", "dataFormat": "svg"} for number in range(10_001)]
    refused(with_stage(costumes=costumes), "10,002 assets")  # and a sound


def test_a_stream_that_cannot_be_searched_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *position: Any) -> int:
            raise OSError

    project = numbered(3)
    with ProjectArchive(Pipe(project.sb3())) as opened:
        assert list(opened) == list(project.assets)


def test_a_stream_without_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size > 0
            return bytes(size)

    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    refused(Endless(), "cannot be read")
