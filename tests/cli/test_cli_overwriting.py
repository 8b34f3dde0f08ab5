"""No command writes over a file that may be somebody's work."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cloudlink.cli.main import main

BUILT = Path(__file__).parents[2] / "scratch_sprites"

SERVER = """
import cloudlink

client = cloudlink.CloudRequests(cloudlink.TwCloudConnection("1", contact="https://example.org"))

@client.request
def greet(name: str): ...
"""


@pytest.fixture(autouse=True)
def an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("game.py").write_text(SERVER)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["sprite", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def saved_in_an_editor(data: bytes) -> bytes:
    """The same members, as a program packs them that puts the time of saving beside each."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename, (2026, 1, 2, 3, 4, 6)), old.read(info))
    return packed.getvalue()


@pytest.mark.parametrize("command", [["build"], ["build", "--with", "spanish"], ["stubs", "game.py:client"]])
def test_what_was_built_is_built_again(command: list[str]) -> None:
    shutil.copy(BUILT / "starter.sb3", "starter.sb3")
    before = Path("starter.sb3").read_bytes()
    for _ in range(2):
        assert run(*command).exit_code == 0
    assert (Path("starter.sb3").read_bytes() == before) == (command == ["build"])


@pytest.mark.parametrize("command", [["build"], ["stubs", "game.py:client"]])
@pytest.mark.parametrize("name", ["starter.sb3", "cloudlink.sprite3"])
def test_what_an_editor_has_saved_is_kept(command: list[str], name: str) -> None:
    assert run(*command).exit_code == 0
    built = Path(name).read_bytes()
    for mine in (saved_in_an_editor(built), b"my own game"):
        Path(name).write_bytes(mine)
        refused = run(*command)
        assert refused.exit_code == 1
        assert f"Error: {name} is there already" in refused.stderr
        assert "--force" in refused.stderr
        assert Path(name).read_bytes() == mine
    assert run(*command, "--force").exit_code == 0
    assert Path(name).read_bytes() == built


def test_an_installation_keeps_what_is_at_its_output() -> None:
    assert run("build").exit_code == 0
    Path("game.sb3").write_bytes(saved_in_an_editor(Path("starter.sb3").read_bytes()))
    install = ("install", "game.sb3", "-o", "online.sb3", "--stubs", "game.py:client")
    assert run(*install).exit_code == 0
    done = Path("online.sb3").read_bytes()
    assert run(*install).exit_code == 0  # it would be the same
    Path("online.sb3").write_bytes(b"edited since")
    refused = run(*install)
    assert (refused.exit_code, "online.sb3 is there already" in refused.stderr) == (1, True)
    assert Path("online.sb3").read_bytes() == b"edited since"
    assert run(*install, "--force").exit_code == 0
    assert Path("online.sb3").read_bytes() == done


def test_an_installation_without_an_output_changes_the_project_itself() -> None:
    assert run("build").exit_code == 0
    Path("game.sb3").write_bytes(saved_in_an_editor(Path("starter.sb3").read_bytes()))
    for output in ([], ["-o", "./game.sb3"]):
        assert run("install", "game.sb3", *output, "--stubs", "game.py:client").exit_code == 0
