"""Smaller and larger sprites from one source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cloudlink.cli.main import main
from cloudlink.errors import SpriteError
from cloudlink.sprite.build import project_json
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.lint import lint
from cloudlink.sprite.source import SpriteSource, load_source
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import cloud_names, variant

MANIFEST = """
name = "Link"
files = ["main.blocks"]
[local_variables]
"seen {down}" = ""
[cloud]
variables = ["☁ TO_{up}", "☁ FROM_{down}"]
[numbered]
up = 2
down = 3
[modules.loud]
summary = "Says things twice."
files = ["loud.blocks"]
[modules.loud.local_variables]
"echo" = ""
[modules.usual]
summary = "Is there if nobody objects."
usual = true
files = ["usual.blocks"]
[modules.usual.lists]
"kept" = []
"""
MAIN = """
when flag clicked
set [seen {down} v] to (☁ FROM_{down})
set [☁ TO_{up} v] to (1)
shout [a]

define shout (what)
say (what)
"""
LOUD = """
define shout (what)
set [echo v] to (what)
say (echo)
say (echo)
"""


@pytest.fixture
def source(tmp_path: Path) -> SpriteSource:
    files = {"sprite.toml": MANIFEST, "main.blocks": MAIN, "loud.blocks": LOUD,
             "usual.blocks": "when flag clicked\nadd [x] to [kept v]"}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load_source(tmp_path)


def opcodes(project: dict[str, Any]) -> list[str]:
    return [block["opcode"] for block in project["targets"][1]["blocks"].values()]


def test_numbers_make_variables_and_blocks(source: SpriteSource) -> None:
    for up, down in ((2, 3), (1, 1), (4, 6)):
        project = project_json(variant(source, numbers={"up": up, "down": down}), tables={})
        assert not [problem for problem in lint(project) if problem.severity == "error"]
        cloud = [entry[0] for entry in project["targets"][0]["variables"].values() if len(entry) == 3]
        assert cloud == [f"☁ TO_{n}" for n in range(1, up + 1)] + [f"☁ FROM_{n}" for n in range(1, down + 1)]
        assert opcodes(project).count("data_setvariableto") == up + down


def test_a_module_brings_its_variables_and_takes_the_place_of_a_block(source: SpriteSource) -> None:
    usual = project_json(source, tables={})
    assert opcodes(usual).count("looks_say") == 1
    assert [entry[0] for entry in usual["targets"][0]["lists"].values()] == ["kept"]
    loud = project_json(variant(source, modules=["loud"]), tables={})
    assert opcodes(loud).count("looks_say") == 2
    assert opcodes(loud).count("procedures_definition") == 1
    assert loud["targets"][0]["lists"] == {}
    assert not [problem for problem in lint(loud) if problem.severity == "error"]


def test_a_prefix_changes_the_names_in_the_project_only(source: SpriteSource) -> None:
    project = project_json(variant(source, cloud_prefix="my "), tables={})
    names = [entry[0] for entry in project["targets"][0]["variables"].values()]
    assert names == ["☁ my TO_1", "☁ my TO_2", "☁ my FROM_1", "☁ my FROM_2", "☁ my FROM_3"]
    assert list(cloud_names(variant(source, cloud_prefix="my ")).values()) == names
    assert not [problem for problem in lint(project) if problem.severity == "error"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modules": ["lout"]}, "no module `lout`; did you mean `loud`.*it has: loud, usual"),
        ({"numbers": {"left": 1}}, "cannot have 1 of `left`"),
        ({"numbers": {"up": 0}}, "cannot have 0 of `up`"),
        ({"cloud_prefix": "a\nb"}, "one line"),
    ],
)
def test_what_the_manifest_does_not_know_is_refused(
    source: SpriteSource, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpriteError, match=message):
        variant(source, **changes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("up = 2", "up = 0", "whole number from 1 to 99"),
        ("usual = true", "usually = true", "unknown key `usually`; did you mean `usual`"),
        ('"echo" = ""', '"seen {down}" = ""', "declares `seen 1` twice"),
        ("[modules.usual.lists]", '[modules.usual.local_variables]\n"echo" = 7\n[modules.usual.lists]', "`echo` twice"),
    ],
)
def test_mistakes_in_the_manifest_are_named(tmp_path: Path, old: str, new: str, message: str, source: object) -> None:
    (tmp_path / "sprite.toml").write_text(MANIFEST.replace(old, new), encoding="utf-8")
    with pytest.raises(SpriteError, match=message):
        project_json(variant(load_source(tmp_path), modules=["loud", "usual"]), tables={})


@pytest.mark.parametrize("numbers", [{"up": 1, "down": 1}, {"up": 1, "down": 9}, {"up": 5, "down": 5}])
def test_the_companion_is_sound_with_other_numbers(numbers: dict[str, int]) -> None:
    project = project_json(variant(companion_source(), numbers=numbers), tables=sprite_tables())
    assert not [problem for problem in lint(project) if problem.severity == "error"]


@pytest.mark.parametrize("modules", [["spanish"], ["japanese", "msgpack", "german"]])
def test_the_companion_is_sound_with_language_packs(modules: list[str]) -> None:
    tables = sprite_tables()
    project = project_json(variant(companion_source(), modules=modules), tables=tables)
    assert not [problem for problem in lint(project) if problem.severity == "error"]
    (companion,) = (target for target in project["targets"] if target["name"] == "cloudlink")
    lists = dict(companion["lists"].values())
    codes = [{"spanish": "es", "japanese": "ja", "german": "de"}.get(name) for name in modules]
    tokens = [tables[f"{code} tokens"] for code in codes if code]
    assert lists["pack tokens"] == [token for some in tokens for token in some]
    assert lists["pack heads"][1::8] == list(map(len, tokens))


def test_the_command_builds_a_smaller_sprite_and_says_what_the_server_needs(tmp_path: Path) -> None:
    build = ["sprite", "build", "-o", str(tmp_path), "--variables", "1x2", "--prefix", "game_"]
    result = CliRunner().invoke(main, build)
    assert result.exit_code == 0
    hint = "Channel(cloud.limits, downlink=('game_FROM_1', 'game_FROM_2'), uplink=('game_TO_1',))"
    assert hint in result.output
    assert "blocks in" in result.output
    assert {path.name for path in tmp_path.iterdir()} == {"cloudlink.sprite3", "starter.sb3"}
    install = ["sprite", "install", "--variables", "1x2", "--prefix", "game_", "-o", str(tmp_path / "both.sb3")]
    result = CliRunner().invoke(main, [*install, str(tmp_path / "starter.sb3")])
    assert (result.exit_code, hint in result.output) == (0, True), result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--variables", "3"], "no pair of numbers"),
        (["--with", "nothing"], "no module `nothing`"),
        (["--without", "nothing"], "no module 'nothing'"),
        (["--variables", "6x6"], "13 cloud variables|12 cloud variables"),
    ],
)
def test_the_command_refuses_what_cannot_be(tmp_path: Path, options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["sprite", "build", "-o", str(tmp_path / "out"), *options])
    assert result.exit_code != 0
    assert any(part in result.output for part in message.split("|"))
    assert not (tmp_path / "out").exists()
