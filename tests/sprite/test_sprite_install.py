"""Installing the companion in saved projects: nothing else changes, and nothing that is wrong gets through."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.cli.main import main
from cloudlink.errors import SpriteError
from cloudlink.sprite.archive import MOST_BYTES
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.install import Installed, install
from cloudlink.sprite.lint import lint
from cloudlink.sprite.source import SpriteSource, Starter

CLOUD = ("☁ TO_1", "☁ FROM_1")
LINK = SpriteSource(
    "link",
    (("link.blocks", "define fetch (what) and wait\nset [digits v] to (what)\nset [☁ TO_1 v] to (digits)\n\n"
      "when I receive [ask v]\nfetch (request) and wait\nadd (☁ FROM_1) to [replies v]"),),
    variables={"request": "", "timeout": 10},
    local_variables={"cloudlink version": 1, "digits": ""},
    lists={"replies": []},
    cloud_variables=CLOUD,
)  # fmt: skip
CAT = SpriteSource("Cat", (("cat.blocks", "when flag clicked\nset [score v] to [1]\nbroadcast (go v)\n\n"
                            "when I receive [go v]\nsay (score)"),))  # fmt: skip


def project(*sprites: SpriteSource, scripts: str = "when flag clicked\nsay [hi]", **shared: Any) -> bytes:
    """A project of somebody's, whose stage has what `shared` declares."""
    first = SpriteSource("First", (("first.blocks", scripts),), starter=Starter(sprites=sprites), **shared)
    return build_sb3(first, tables={})


def content(data: bytes) -> dict[str, Any]:
    return dict(json.loads(zipfile.ZipFile(io.BytesIO(data)).read("project.json")))


def target(data: bytes, name: str) -> dict[str, Any]:
    return next(dict(target) for target in content(data)["targets"] if target["name"] == name)


def with_content(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The archive with its JSON changed."""
    changed = content(data)
    change(changed)
    return with_member(data, "project.json", json.dumps(changed).encode())


def with_member(data: bytes, name: str, member: bytes) -> bytes:
    old = zipfile.ZipFile(io.BytesIO(data))
    members = {info: old.read(info) for info in old.namelist()} | {name: member}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for info, bytes_ in members.items():
            archive.writestr(info, bytes_)
    return packed.getvalue()


def put_in(data: bytes, source: SpriteSource = LINK) -> Installed:
    return install(data, source, tables={})


def names(entries: dict[str, Any]) -> set[str]:
    return {entry[0] for entry in entries.values()}


def test_the_sprite_and_its_variables_are_added_and_the_project_is_sound() -> None:
    done = put_in(project(CAT, variables={"score": 0}))
    assert done.change.name == "link"
    assert not done.change.upgraded
    assert done.change.cloud_variables == CLOUD
    stage = target(done.project, "Stage")
    assert [entry for entry in stage["variables"].values() if len(entry) == 3] == [[name, "0", True] for name in CLOUD]
    assert names(stage["variables"]) == {"score", "request", "timeout", *CLOUD}
    assert not [problem for problem in lint(content(done.project)) if problem.severity == "error"]


def test_other_sprites_and_members_stay_byte_for_byte() -> None:
    # What Python would write otherwise: odd spaces, an escape, a large number, half a surrogate pair.
    odd = '{"isStage" : false, "name":"Odd\\u0020one", "variables":{"x":["x", 1E21 ],"y":["y","\\ud83d"]},"blocks":{}}'
    text = json.dumps(content(project()))
    end = text.index("]", text.rindex("rotationStyle"))
    raw = f"{text[:end]}, {odd}{text[end:]}"
    data = with_member(with_member(project(), "project.json", raw.encode()), "0123456789abcdef.png", b"\x89PNG...")
    done = put_in(data)
    before, after = zipfile.ZipFile(io.BytesIO(data)), zipfile.ZipFile(io.BytesIO(done.project))
    assert odd in after.read("project.json").decode()
    for name in before.namelist():
        assert name == "project.json" or before.read(name) == after.read(name)
    kept = {one["name"]: one for one in content(done.project)["targets"]}
    assert all(kept[one["name"]] == one for one in content(data)["targets"] if not one["isStage"])


def test_a_second_installation_changes_not_a_byte() -> None:
    once = put_in(project(CAT, variables={"score": 0, "digits": 5})).project
    again = put_in(once)
    assert again.project == once
    assert again.change.upgraded
    assert not again.change.cloud_variables


def test_an_older_sprite_is_brought_up_to_date_where_it_stands() -> None:
    older = SpriteSource(
        "link", (("old.blocks", "when I receive [ask v]\nset [digits v] to (request)"),),
        variables={"request": ""}, local_variables={"cloudlink version": 0, "digits": "", "gone": 1},
        cloud_variables=CLOUD,
    )  # fmt: skip
    user = SpriteSource("Cat", (("cat.blocks", "when flag clicked\nset [request v] to [hello]\nbroadcast (Ask v)"),))

    def move(changed: dict[str, Any]) -> None:
        link = next(one for one in changed["targets"] if one["name"] == "link")
        link |= {"name": "My server", "x": 42, "layerOrder": 7}
        stage = changed["targets"][0]
        for key in ("variables", "broadcasts"):  # ids as another program would have given them
            stage[key] = {f"other-{identifier}": entry for identifier, entry in stage[key].items()}
        text = json.dumps(changed["targets"][1:])
        for identifier in [*stage["variables"], *stage["broadcasts"]]:
            text = text.replace(f'"{identifier.removeprefix("other-")}"', f'"{identifier}"')
        changed["targets"][1:] = json.loads(text)

    data = with_content(put_in(project(user, variables={"request": ""}), older).project, move)
    done = put_in(data)
    assert done.change.name == "My server"
    assert done.change.upgraded
    sprite = target(done.project, "My server")
    assert (sprite["x"], sprite["layerOrder"]) == (42, 7)
    assert names(sprite["variables"]) == {"cloudlink version", "digits"}
    assert target(done.project, "Cat") == target(data, "Cat")
    assert [one["name"] for one in content(done.project)["targets"]] == [
        one["name"] for one in content(data)["targets"]
    ]
    assert not [problem for problem in lint(content(done.project)) if problem.severity == "error"]


def add_script(changed: dict[str, Any]) -> None:
    link = next(one for one in changed["targets"] if one["name"] == "link")
    call = next(block for block in link["blocks"].values() if block["opcode"] == "procedures_call")
    link["variables"]["mine"] = ["my own", 5]
    link["costumes"].append(link["costumes"][0] | {"name": "drawn", "assetId": "a" * 32})
    link["blocks"] |= {
        "hat": {"opcode": "event_whenflagclicked", "next": "call", "parent": None, "inputs": {}, "fields": {},
                "shadow": False, "topLevel": True, "x": 0, "y": 0, "comment": "note"},
        "call": call | {"parent": "hat", "next": None, "topLevel": False,
                        "inputs": {key: [1, [10, "x"]] for key in call["inputs"]}},
    }  # fmt: skip
    link["comments"]["note"] = {"blockId": "hat", "x": 0, "y": 0, "width": 9, "height": 9, "minimized": False,
                                "text": "my note"}  # fmt: skip


def test_the_authors_own_scripts_in_the_sprite_are_kept() -> None:
    data = with_content(put_in(project()).project, add_script)
    done = put_in(data)
    assert done.change.kept_scripts == 1
    sprite = target(done.project, "link")
    assert {"hat", "call"} <= sprite["blocks"].keys()
    assert sprite["comments"]["note"]["text"] == "my note"
    assert "my own" in names(sprite["variables"])
    assert [costume["name"] for costume in sprite["costumes"]] == ["costume1", "drawn"]
    assert not [problem for problem in lint(content(done.project)) if problem.severity == "error"]
    renamed = SpriteSource(**{name: getattr(LINK, name) for name in LINK.__slots__} | {
        "files": (("link.blocks", "define fetch (what) now\nsay (what)\n\nwhen I receive [ask v]\nfetch [a] now"),)
    })  # fmt: skip
    assert put_in(data, renamed).change.missing_blocks == ("fetch %s and wait",)


def test_sprites_variables_and_messages_of_the_same_names_are_lived_with() -> None:
    namesake = SpriteSource("link", (("x.blocks", "when I receive [ASK v]\nset [request v] to [mine]"),))
    data = project(namesake, variables={"request": "", "digits": 1})
    done = put_in(data)
    assert done.change.name == "link2"
    assert done.change.shared == ("request",)
    sprite = target(done.project, "link2")
    # As the editor does when a sprite is uploaded.
    assert names(sprite["variables"]) == {"cloudlink version", "link: digits"}
    assert len(target(done.project, "Stage")["broadcasts"]) == 1
    assert not [problem for problem in lint(content(done.project)) if problem.severity == "error"]


def test_a_plain_variable_with_the_cloud_sign_becomes_a_cloud_variable() -> None:
    """It is what an upload of the sprite leaves behind when the cloud variables were not made first."""

    def make_plain(changed: dict[str, Any]) -> None:
        for entry in changed["targets"][0]["variables"].values():
            del entry[2:]

    done = put_in(with_content(put_in(project()).project, make_plain))
    assert done.change.cloud_variables == CLOUD
    assert sum(len(entry) == 3 for entry in target(done.project, "Stage")["variables"].values()) == 2


def test_too_few_free_cloud_variables_are_refused_with_the_numbers() -> None:
    data = project(cloud_variables=tuple(f"☁ score {number}" for number in range(9)))
    with pytest.raises(SpriteError, match=r"has 9 cloud variables and the sprite needs 2 more.*10; delete 1 of them"):
        put_in(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (project(lists={"request": []}), "a list 'request' for all sprites"),
        (project(variables={"replies": 1}), "a variable 'replies' for all sprites"),
        (project(SpriteSource("Cat", (), local_variables={"request": 1})), "a variable 'request' of the sprite 'Cat'"),
        (
            project(cloud_variables=("☁ TO_1",), scripts="when flag clicked\nset [☁ TO_1 v] to [1]"),
            "scripts of the project use the cloud variable '☁ TO_1'",
        ),
    ],
)
def test_a_clash_of_names_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SpriteError, match=message):
        put_in(data)


def test_two_companions_are_refused() -> None:
    def copy(changed: dict[str, Any]) -> None:
        changed["targets"].append(changed["targets"][-1] | {"name": "link2"})

    with pytest.raises(SpriteError, match="'link', 'link2'; delete all but one"):
        put_in(with_content(put_in(project()).project, copy))


def test_the_authors_scripts_are_kept_though_an_editor_gave_everything_new_ids() -> None:
    """TurboWarp's editor does, when it saves."""

    def lose(changed: dict[str, Any]) -> None:
        link = changed["targets"][-1]
        add_script(changed)
        text = json.dumps(link)
        arguments = (
            id_
            for block in link["blocks"].values()
            for id_ in json.loads(block.get("mutation", {}).get("argumentids", "[]"))
        )
        for number, key in enumerate(
            dict.fromkeys([*link["blocks"], *link["comments"], *link["variables"], *arguments])
        ):
            text = text.replace(f'"{key}"', f'"new{number}"').replace(f'\\"{key}\\"', f'\\"new{number}\\"')
        changed["targets"][-1] = json.loads(text)

    data = with_content(put_in(project()).project, lose)
    done = put_in(data)
    assert done.change.kept_scripts == 1
    sprite = target(done.project, "link")
    assert names(sprite["variables"]) == {"cloudlink version", "digits", "my own"}
    assert [comment["text"] for comment in sprite["comments"].values()] == ["my note"]
    assert not [problem for problem in lint(content(done.project)) if problem.severity == "error"]
    assert put_in(done.project).project == done.project


def zipped(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def claiming(size: int) -> bytes:
    """An archive whose directory states another size than the member has."""
    data = zipped("project.json", b"{}")
    place = data.rindex(b"PK\x01\x02") + 24
    return data[:place] + size.to_bytes(4, "little") + data[place + 4 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "damaged, or none"),
        (b"PK\x03\x04 and then nothing", "damaged, or none"),
        (project()[:-100], "damaged, or none"),
        (b"ScratchV02 ...", "Scratch 1.4"),
        (b'{"targets":[]}', "project.json alone"),
        (zipped("readme.txt", b""), "no project.json"),
        (zipped("sprite.json", b"{}"), "a sprite, not a project"),
        (zipped("project.json", b"[]"), "expected '{'"),
        (zipped("project.json", b"{}"), "no `targets`"),
        (zipped("project.json", b'{"objName":"Stage"}'), "no `targets`"),
        (zipped("project.json", b"\xff{}"), "no UTF-8"),
        (zipped("project.json", b'{"targets":[NaN]}'), "NaN is no JSON"),
        (zipped("project.json", b'{"targets":[]}'), "exactly one stage"),
        (zipped("project.json", b'{"targets":[],"targets":[]}'), "twice"),
        (zipped("project.json", b'{"targets":[1]}'), "no object with a name"),
        (zipped("project.json", b'{"targets":' + b"[" * 100_000), "broken"),
        (zipped("project.json", b'{"targets":[{"name":"a","variables":{"x":1}}]}'), "no name with a value"),
        (zipped("project.json", b'{"targets":[{"name":"a","blocks":{"x":{"inputs":[]}}}]}'), "not arrays by name"),
        (claiming(MOST_BYTES + 1), "unpack to 536,870,913 bytes"),
        (claiming(2), "damaged, or none|broken|no `targets`"),
    ],
)
def test_what_is_no_sound_project_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SpriteError, match=message):
        put_in(data)


SOUND = content(put_in(project(CAT, variables={"score": 0})).project)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "☁ TO_1", "cl0x", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x"]), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


PLACES = places(SOUND["targets"], ("targets",))


@given(place=st.sampled_from(PLACES), junk=JSON)
def test_a_project_that_is_wrong_anywhere_is_refused_or_installed_but_never_a_python_error(
    place: tuple[Any, ...], junk: Any
) -> None:
    broken = json.loads(json.dumps(SOUND))
    owner = broken
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = junk
    with contextlib.suppress(SpriteError):
        put_in(zipped("project.json", json.dumps(broken).encode()))


def test_the_command_writes_the_project_and_says_what_it_did(tmp_path: Path) -> None:
    path, output = tmp_path / "game.sb3", tmp_path / "with sprite.sb3"
    path.write_bytes(project())
    result = CliRunner().invoke(main, ["sprite", "install", str(path), "-o", str(output)])
    assert result.exit_code == 0
    assert "the sprite 'cloudlink' is new" in result.output
    assert "new cloud variables: ☁ TO_1" in result.output
    assert path.read_bytes() == project()
    again = CliRunner().invoke(main, ["sprite", "install", str(output)])
    assert again.exit_code == 0
    assert "up to date" in again.output
    assert sorted(file.name for file in tmp_path.iterdir()) == ["game.sb3", "with sprite.sb3"]


def test_the_command_writes_nothing_where_it_refuses(tmp_path: Path) -> None:
    path = tmp_path / "game.sb3"
    path.write_bytes(b"no project")
    result = CliRunner().invoke(main, ["sprite", "install", str(path)])
    assert result.exit_code == 1
    assert "nothing was written" in result.output
    assert path.read_bytes() == b"no project"
