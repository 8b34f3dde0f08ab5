import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cloudlink.blank import BLANK
from cloudlink.errors import SpriteError
from cloudlink.sprite.build import build_sb3, build_sprite3, project_json, sprite_json
from cloudlink.sprite.defaults import without_defaults
from cloudlink.sprite.lint import lint
from cloudlink.sprite.source import MANIFEST, Costumes, FromTable, Monitor, SpriteSource, Starter, load_source

MANIFEST_TEXT = """
name = "Link"
files = ["1-spell.blocks", "2-main.blocks"]
visible = false
x = 10

[variables]
"state" = "offline"

[local_variables]
"alphabet" = { table = "letters" }
"i" = 0

[lists]
"out" = []

[local_lists]
"codes" = { table = "codes" }

[cloud]
variables = ["☁ TO_1", "☁ FROM_1"]

[costumes]
names = ["unknown"]
table = "letters"

[starter]
monitors = [
  { variable = "state" },
  { variable = "i", y = 30 },
  { list = "out", x = 5, y = 60, width = 120, height = 200 },
]

[starter.variables]
"shown" = 1

[[starter.sprites]]
name = "Cat"
files = ["cat.blocks"]

[starter.sprites.costumes]
drawings = ["cat.svg"]
"""
FILES = {
    MANIFEST: MANIFEST_TEXT,
    "1-spell.blocks": (
        "// Adds the number of each letter to the list.\n"
        "define spell (text) :: warp\n"
        "set [i v] to (1)\n"
        "repeat (length of (text))\n"
        "  switch costume to [unknown v]\n"
        "  switch costume to (letter (i) of (text))\n"
        "  add (costume [number v]) to [out v]\n"
        "  change [i v] by (1)\n"
        "end\n"
    ),
    "2-main.blocks": (
        "when I receive [spell v]\nspell (state)\nset [☁ TO_1 v] to (item (1) of [codes v])\n"
        "broadcast [done v] and wait\n"
    ),
    "cat.blocks": "when flag clicked\nset [shown v] to (state)\nbroadcast [spell v]\n\nwhen I receive [done v]\nhide\n",
    "cat.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="40px" height="20"><circle r="9" cx="9" cy="9"/></svg>',
}
TABLES = {"letters": "abA~é☃😀", "codes": ["01", "0x10"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def source(folder: Path) -> SpriteSource:
    return load_source(folder)


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def by_name(values: dict) -> dict:
    return {value[0]: value[1:] for value in values.values()}


def changed(folder: Path, old: str, new: str) -> Path:
    path = folder / MANIFEST
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_a_sprite_brings_its_own_variables_and_refers_to_the_others_by_name(source):
    files = unpacked(build_sprite3(source, tables=TABLES))
    sprite = json.loads(files["sprite.json"])
    assert by_name(sprite["variables"]) == {"alphabet": ["abA~é☃😀"], "i": [0]}
    assert by_name(sprite["lists"]) == {"codes": [["01", "0x10"]]}
    assert [sprite[key] for key in ("isStage", "name", "visible", "x", "y")] == [False, "Link", False, 10, 0]
    stage_fields = [block.get("fields", {}).get("VARIABLE") for block in sprite["blocks"].values()]
    assert any(field and field[0] == "☁ TO_1" for field in stage_fields)
    assert "layerOrder" not in sprite


def test_a_project_has_cloud_variables_globals_messages_and_the_starter(source):
    files = unpacked(build_sb3(source, tables=TABLES))
    project = json.loads(files["project.json"])
    stage, cat, link = project["targets"]
    assert by_name(stage["variables"]) == {
        "☁ TO_1": ["0", True],
        "☁ FROM_1": ["0", True],
        "state": ["offline"],
        "shown": [1],
    }
    assert by_name(stage["lists"]) == {"out": [[]]}
    assert sorted(stage["broadcasts"].values()) == ["done", "spell"]
    assert [target["name"] for target in project["targets"]] == ["Stage", "Cat", "Link"]
    assert [target["layerOrder"] for target in project["targets"]] == [0, 1, 2]
    assert project["meta"]["semver"] == "3.0.0"
    assert cat["costumes"][0]["rotationCenterX"] == 20
    assert link["costumes"][0]["name"] == "unknown"


def test_ids_are_the_same_in_the_sprite_and_in_the_project(source):
    sprite = sprite_json(source, tables=TABLES)
    link = project_json(source, tables=TABLES)["targets"][-1]
    assert {**sprite, "layerOrder": 2} == link


def test_variable_ids_are_unlike_those_of_any_editor(source):
    stage, _, link = project_json(source, tables=TABLES)["targets"]
    ids = [*stage["variables"], *stage["lists"], *stage["broadcasts"], *link["variables"], *link["lists"]]
    assert all(identifier.startswith("cl") and len(identifier) == 9 for identifier in ids)
    assert len(set(ids)) == len(ids)


def test_empty_costumes_show_the_picture_that_every_editor_has_and_keep_their_exact_names(source):
    files = unpacked(build_sprite3(source, tables=TABLES))
    costumes = json.loads(files["sprite.json"])["costumes"]
    assert [costume["name"] for costume in costumes] == ["unknown", *TABLES["letters"]]
    assert {(costume["assetId"], costume["dataFormat"]) for costume in costumes} == {(BLANK, "svg")}
    assert files.keys() == {"sprite.json"}


def test_monitors_point_at_what_they_show(source):
    project = project_json(source, tables=TABLES)
    state, number, out = project["monitors"]
    assert state["id"] in project["targets"][0]["variables"]
    assert (state["spriteName"], number["spriteName"]) == (None, "Link")
    assert number["id"] in project["targets"][-1]["variables"]
    assert (out["mode"], out["params"], out["width"]) == ("list", {"LIST": "out"}, 120)


def test_the_linter_has_nothing_to_say_about_the_build(source):
    assert lint(project_json(source, tables=TABLES)) == []
    assert lint(sprite_json(source, tables=TABLES)) == []


def test_two_builds_are_the_same_bytes_in_any_process(folder, source):
    script = (
        "import sys, hashlib; from pathlib import Path; from cloudlink.sprite.source import load_source\n"
        "from cloudlink.sprite.build import build_sb3, build_sprite3\n"
        "source = load_source(Path(sys.argv[1])); tables = {'letters': 'abA~é☃😀', 'codes': ['01', '0x10']}\n"
        "print(*(hashlib.sha256(build(source, tables=tables)).hexdigest() for build in (build_sprite3, build_sb3)))"
    )
    digests = [
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", script, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for seed in ("0", "1", "4242")
    ]
    here = [hashlib.sha256(build(source, tables=TABLES)).hexdigest() for build in (build_sprite3, build_sb3)]
    assert digests == [here] * 3


def test_files_in_the_archive_have_a_fixed_time_and_can_be_read(source):
    with zipfile.ZipFile(io.BytesIO(build_sb3(source, tables=TABLES))) as archive:
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr >> 16 == 0o100644
            assert info.compress_type == zipfile.ZIP_DEFLATED


def test_extra_scripts_go_to_the_sprite_of_that_name_or_to_a_new_one(source):
    data = build_sb3(
        source,
        tables=TABLES,
        extra_scripts={"Link": "when flag clicked\nspell (given)", "Driver": "when flag clicked\nadd [x] to [seen v]"},
        extra_variables={"given": "ab"},
        extra_lists={"seen": []},
    )
    project = json.loads(unpacked(data)["project.json"])
    assert [target["name"] for target in project["targets"]] == ["Stage", "Cat", "Driver", "Link"]
    assert by_name(project["targets"][0]["variables"])["given"] == ["ab"]
    assert [problem for problem in lint(project) if problem.severity == "error"] == []
    before = without_defaults(project_json(source, tables=TABLES)["targets"][-1])["blocks"]
    after = project["targets"][-1]["blocks"]
    assert before.items() <= after.items()
    assert len(after) == len(before) + 2


def test_a_table_of_text_gives_a_list_its_characters(source):
    letters = replace(source, local_lists={"codes": FromTable("letters")})
    assert by_name(sprite_json(letters, tables=TABLES)["lists"]) == {"codes": [list(TABLES["letters"])]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"local_variables": {"i": 0, "state": 1, "alphabet": ""}}, "two variables or lists are called `state`"),
        ({"lists": {"out": [], "state": []}}, "two variables or lists are called `state`"),
        ({"local_variables": {"i": 0, "alphabet": FromTable("lettres")}}, "no table `lettres`; did you mean `letters`"),
        (
            {"local_variables": {"i": 0, "alphabet": FromTable("codes")}},
            "needs a text, but the table `codes` is a list",
        ),
        ({"costumes": Costumes(names=("a", "unknown", "a"))}, "two costumes of Link are called `a`"),
        ({"local_variables": {"i": 0, "alphabet": "\ud800"}}, "half a surrogate pair"),
        ({"starter": Starter(monitors=(Monitor("nothing", is_list=False),))}, "no variable is called `nothing`"),
        ({"starter": Starter(sprites=(SpriteSource("Link", ()),))}, "two sprites are called `Link`"),
        (
            {"starter": Starter(sprites=(SpriteSource("Cat", (("cat", "broadcast [Spell v]"),)),))},
            "two messages are called `spell`, but for upper case",
        ),
    ],
)
def test_a_source_that_scratch_would_change_is_refused(source, changes, message):
    with pytest.raises(SpriteError, match=message):
        build_sb3(replace(source, **changes), tables=TABLES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "Link"', "", "`name` is missing"),
        ('name = "Link"', 'name = "_stage_"', "cannot be the name of a sprite"),
        ("visible = false", "visibel = false", "unknown key `visibel`; did you mean `visible`"),
        ("visible = false", "visible = 0", "`visible` has a value of the wrong type: 0"),
        ("x = 10", "x = true", "`x` has a value of the wrong type: True"),
        ("x = 10", 'rotation_style = "round"', "unknown rotation_style 'round'"),
        ('"i" = 0', '"timer" = 0', r"sprite.toml, \[local_variables\]: .*\(timer\) is a block of Scratch"),
        ('"i" = 0', '"12" = 0', r"\(12\) is a number"),
        ('"i" = 0', '" i" = 0', "without spaces at its ends"),
        ('"i" = 0', '"i" = []', "`i` has to be a value or"),
        ('"out" = []', '"out" = 5', "`out` has to be a value or"),
        ('{ table = "codes" }', '{ tabel = "codes" }', "`codes` has to be a value or"),
        ('files = ["cat.blocks"]', "files = [1]", "sprites 1: `files` has to be a list of texts"),
        ('files = ["cat.blocks"]', 'files = ["dog.blocks"]', "dog.blocks cannot be read: No such file"),
        ("[cloud]", "[cluod]", "unknown key `cluod`; did you mean `cloud`"),
        ("x = 5, y = 60", 'x = "5"', "monitors 3: `x` has a value of the wrong type"),
        ("x = 10", "x = ", "sprite.toml: Invalid value"),
    ],
)
def test_a_mistake_in_the_manifest_is_named(folder, old, new, message):
    with pytest.raises(SpriteError, match=message):
        load_source(changed(folder, old, new))


def test_a_file_that_is_no_utf8_is_named(folder):
    (folder / "cat.blocks").write_bytes(b"say [\xff]")
    with pytest.raises(SpriteError, match=r"cat\.blocks is no UTF-8 text: byte 5"):
        load_source(folder)


def test_a_drawing_without_a_size_is_named(folder):
    (folder / "cat.svg").write_text("<svg/>")
    with pytest.raises(SpriteError, match="the drawing `cat` has no size"):
        project_json(load_source(folder), tables=TABLES)
