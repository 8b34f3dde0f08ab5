from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from offline_site import OfflineSite, client_of, query_of, sample, sample_reply
from rest_calls import project

from cloudlink.errors import BadResponse, Forbidden, InvalidArgument, NotFound
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.project_files import asset_names, json_in, kind_of, pack
from cloudlink.rest.projects import PartialProject, get_project, project_bytes

FILES = {"projectjson_sb3": "sb3", "projectjson_sb2": "sb2", "projectfile_sb1": "sb", "projectfile_zip": "zip"}


def site(file: str, *, refusals: int = 0) -> OfflineSite:
    """A site with one project, whose assets have the bytes of the samples, or none that fit."""
    left = [refusals]

    def answers(request: Request) -> Reply:
        address = request.url.partition("?")[0]
        if address.startswith("https://api."):
            return sample_reply("project")
        if address.startswith("https://assets."):
            path = Path(__file__).parent / "samples" / "assets" / address.rpartition("/")[2]
            return Reply(200, body=path.read_bytes()) if path.exists() else Reply(404)
        if not query_of(request).get("token") or left[0]:
            left[0] -= 1
            return sample_reply("projectjson_no_token")
        return sample_reply(file)

    return OfflineSite(answers)


def packed_file(content: bytes, assets: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    pack(content, assets, to=file)
    return file.getvalue()


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_the_kind_of_a_file_is_known(name: str, kind: str) -> None:
    assert kind_of(sample(name)) == kind


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"missing", b"<html>"])
def test_what_is_no_project_is_refused(data: bytes) -> None:
    with pytest.raises(BadResponse):
        kind_of(data)


def test_the_file_is_asked_for_with_the_token() -> None:
    offline = site("projectjson_sb3")
    assert project(client_of(offline)).file() == sample("projectjson_sb3")
    token = json.loads(sample("project"))["project_token"]
    assert query_of(offline.requests[1]) == {"token": token}
    assert offline.requests[1].url.startswith("https://projects.scratch.mit.edu/1182391014?")


def test_an_old_token_is_asked_for_again_once() -> None:
    offline = site("projectjson_sb3", refusals=1)
    project(client_of(offline)).file()
    assert len(offline.requests) == 4
    with pytest.raises(Forbidden) as caught:
        project(client_of(site("projectjson_sb3", refusals=2))).file()
    assert json.loads(sample("project"))["project_token"] not in str(caught.value)


def test_the_json_and_the_agent() -> None:
    content = json.loads(sample("projectjson_sb3"))
    found = project(client_of(site("projectjson_sb3")))
    assert found.get_raw_json() == content
    assert found.get_creator_agent() == content["meta"]["agent"]
    old = project(client_of(site("projectjson_sb2")))
    assert old.get_creator_agent() == json.loads(sample("projectjson_sb2"))["info"]["userAgent"]
    assert project(client_of(site("projectfile_zip"))).get_raw_json()
    with pytest.raises(NotFound, match=r"Scratch 1\.4"):
        project(client_of(site("projectfile_sb1"))).get_raw_json()


def test_a_project_is_saved_with_its_assets(tmp_path: Path) -> None:
    path = project(client_of(site("projectjson_sb3"))).download(dir=tmp_path / "new")
    assert path == tmp_path / "new" / "1182391014.sb3"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("project.json") == sample("projectjson_sb3")
        names = asset_names(json.loads(sample("projectjson_sb3")))
        assert names
        assert sorted(archive.namelist()) == sorted(["project.json", *names])


def test_a_project_of_scratch_1_is_saved_as_it_is(tmp_path: Path) -> None:
    path = project(client_of(site("projectfile_sb1"))).download("old.sb", dir=str(tmp_path))
    assert path.read_bytes() == sample("projectfile_sb1")


def test_an_old_project_is_packed_under_numbers() -> None:
    content = json.loads(sample("projectjson_sb2"))
    names = asset_names(content)
    packed = packed_file(sample("projectjson_sb2"), {name: name.encode() for name in names})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        inside = json.loads(archive.read("project.json"))
        for costume in inside["costumes"]:
            name = costume["baseLayerMD5"]
            file = f"{costume['baseLayerID']}.{name.partition('.')[2]}"
            assert archive.read(file) == name.encode()
    assert packed == packed_file(sample("projectjson_sb2"), {name: name.encode() for name in names})


def test_the_same_number_of_a_picture_and_of_a_sound_does_not_meet() -> None:
    picture, sound = "a" * 32 + ".png", "b" * 32 + ".wav"
    content: Any = {
        "objName": "Stage",
        "penLayerMD5": picture,
        "costumes": [{"baseLayerMD5": picture, "textLayerMD5": "c" * 32 + ".png"}],
        "sounds": [{"md5": sound}],
        "children": [{"costumes": [{"baseLayerMD5": picture}]}, {"sounds": [{"md5": "d" * 32 + ".wav"}]}],
    }
    assert asset_names(content) == [picture, "c" * 32 + ".png", sound]
    packed = packed_file(json.dumps(content).encode(), dict.fromkeys(asset_names(content), b"x"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(archive.namelist()) == ["0.png", "0.wav", "1.png", "project.json"]


def test_a_picture_named_like_a_sound_does_not_take_its_place() -> None:
    picture, first, second = "a" * 32 + ".wav", "b" * 32 + ".wav", "c" * 32 + ".wav"
    content = {
        "objName": "Stage",
        "costumes": [{"baseLayerMD5": picture}],
        "sounds": [{"md5": first}, {"md5": second}, {"md5": first}],
    }
    packed = packed_file(json.dumps(content).encode(), {name: name.encode() for name in (picture, first, second)})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        inside = json.loads(archive.read("project.json"))
        assert sorted(archive.namelist()) == ["0.wav", "1.wav", "2.wav", "project.json"]
        assert archive.read(f"{inside['costumes'][0]['baseLayerID']}.wav") == picture.encode()
        for sound in inside["sounds"]:
            assert archive.read(f"{sound['soundID']}.wav") == sound["md5"].encode()


def test_half_a_character_survives() -> None:
    content = {"objName": "\ud83d", "costumes": []}
    packed = packed_file(json.dumps(content).encode(), {})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert json.loads(archive.read("project.json")) == content
    assert json.loads(project_bytes(content)) == content


def test_an_asset_with_other_bytes_is_refused(tmp_path: Path) -> None:
    def answers(request: Request) -> Reply:
        if request.url.startswith("https://assets."):
            return Reply(200, body=b"other bytes")
        return sample_reply("project" if request.url.startswith("https://api.") else "projectjson_sb3")

    with pytest.raises(BadResponse, match="other bytes"):
        project(client_of(OfflineSite(answers))).download(dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x.sb3", "a/b.sb3", ""])
def test_a_file_name_has_no_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="without a folder"):
        project(client_of(site("projectjson_sb3"))).download(name, dir=tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "x.svg", "0" * 32, "0" * 32 + "/a.svg"])
def test_an_asset_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadResponse, match="not an MD5"):
        asset_names({"targets": [{"costumes": [{"md5ext": name}]}]})


def test_an_asset_is_missing() -> None:
    with pytest.raises(InvalidArgument, match="1 assets are missing"):
        pack(
            json.dumps({"targets": [{"costumes": [{"assetId": "0" * 32, "dataFormat": "svg"}]}]}).encode(),
            {},
            to=io.BytesIO(),
        )


def test_a_project_in_an_archive_is_read() -> None:
    assert kind_of(json_in(sample("projectfile_zip"))) in ("sb2", "sb3")
    with pytest.raises(BadResponse, match="cannot be read"):
        json_in(b"PK nothing")


def test_a_project_that_one_may_not_see_is_partial(tmp_path: Path) -> None:
    client = client_of(OfflineSite(lambda request: sample_reply("project_404")))
    found = get_project(999999999999, client=client)
    assert type(found) is PartialProject
    assert found.remixes() == []
    with pytest.raises(NotFound):
        found.download(dir=tmp_path)
