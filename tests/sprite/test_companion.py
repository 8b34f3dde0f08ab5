"""The companion sprite that is in the repository is the one that its source makes, and is well formed."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cloudlink.cli.main import main
from cloudlink.link.settings import Channel
from cloudlink.player.install import find_node, install_locked
from cloudlink.sprite.build import project_json, sprite_json
from cloudlink.sprite.companion import companion_source, companion_sprite3, source_folder, starter_sb3
from cloudlink.sprite.lint import lint
from cloudlink.sprite.tables import sprite_tables

REPOSITORY = Path(__file__).parents[2]
SPRITES = REPOSITORY / "scratch_sprites"

FOR_AUTHORS = ("server answer", "server message", "listen to server", "forget answers")

PARSE = """
const parse = require('scratch-parser');
const fs = require('fs');
for (const [path, isSprite] of [[process.argv[1], true], [process.argv[2], false]])
    parse(fs.readFileSync(path), isSprite, error => { if (error) { console.error(error); process.exitCode = 1; } });
"""


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.mark.parametrize(("name", "built"), [("cloudlink.sprite3", companion_sprite3), ("starter.sb3", starter_sb3)])
def test_the_files_in_the_repository_are_what_the_source_makes(name: str, built: Callable[[], bytes]) -> None:
    # The contents, as another version of zlib may pack the same bytes differently.
    assert contents((SPRITES / name).read_bytes()) == contents(built()), (
        "run: cloudlink sprite build -o scratch_sprites"
    )


def test_two_builds_are_the_same_to_the_byte() -> None:
    assert starter_sb3() == starter_sb3()
    assert companion_sprite3() == companion_sprite3()


def test_the_packaged_source_is_the_one_in_the_repository() -> None:
    packaged = {path.name: path.read_bytes() for path in source_folder().iterdir()}
    assert packaged == {path.name: path.read_bytes() for path in (SPRITES / "source").iterdir()}


@pytest.mark.parametrize("built", [project_json, sprite_json])
def test_the_linter_finds_nothing_but_blocks_that_wait_for_an_author(built: Callable[..., Any]) -> None:
    problems = lint(built(companion_source(), tables=sprite_tables()))
    messages = {problem.place for problem in problems if problem.place.startswith("message ")}
    assert messages <= {f"message '{name}'" for name in FOR_AUTHORS}
    problems = [problem for problem in problems if problem.place not in messages]
    assert {problem.place for problem in problems} == {
        "cloudlink, custom block 'add list of %s items'",
        "cloudlink, custom block 'add record of %s items'",
        "cloudlink, custom block 'ask server %s and go on'",
        "cloudlink, custom block 'ask server %s and wait'",
        "cloudlink, custom block 'ask server %s with %s and %s and wait'",
        "cloudlink, custom block 'ask server %s with %s and wait'",
        "cloudlink, custom block 'find %s in reply'",
        "cloudlink, custom block 'listen to topic %s'",
    }
    assert all(problem.text == "it is never called" for problem in problems)


def test_scratchs_own_parser_takes_both_files(parts_folder: Path) -> None:
    parts = install_locked(REPOSITORY / "tests", parts_folder / "tests")
    command = [find_node(), "-e", PARSE, str(SPRITES / "cloudlink.sprite3"), str(SPRITES / "starter.sb3")]
    done = subprocess.run(command, cwd=parts, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_sprite_and_python_use_the_same_variables() -> None:
    stage = project_json(companion_source(), tables=sprite_tables())["targets"][0]
    clouds = {variable[0] for variable in stage["variables"].values() if len(variable) == 3}
    assert clouds == {f"☁ {name}" for name in Channel().downlink + Channel().uplink}


def test_the_command_builds_both_files(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["sprite", "build", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cloudlink.sprite3", "starter.sb3"]
    starter = json.loads(contents((tmp_path / "out" / "starter.sb3").read_bytes())["project.json"])
    assert [target["name"] for target in starter["targets"]] == ["Stage", "Example", "cloudlink"]
