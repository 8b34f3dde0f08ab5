"""What holds for all commands: errors are told in a line, and no output ends in a traceback."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloudlink.cli import sprite
from cloudlink.cli.main import main
from cloudlink.sprite.companion import starter_sb3


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The starter project, alone in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "starter.sb3"
    path.write_bytes(starter_sb3())
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["sprite", "build", "-o", "starter.sb3/below a file"],
        ["sprite", "install", "starter.sb3", "-o", "no such folder/mine.sb3"],
        ["demo", "--serve", "--port", "{taken}"],
        ["cloud", "--port", "{taken}"],
    ],
)
def test_what_the_disk_or_the_network_does_not_do_is_told_in_a_line(starter: Path, arguments: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        result = CliRunner().invoke(main, [word.format(taken=taken) for word in arguments])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["demo", "--serve"], ["cloud"]])
def test_a_port_in_use_is_told_with_what_to_do(starter: Path, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        result = CliRunner().invoke(main, [*command, "--port", str(taken)])
    told = "another program does, or this one a second time; end it, or choose another port"
    assert result.stderr == f"Error: cannot listen on 127.0.0.1:{taken}: {told}\n"


def test_the_demo_does_not_write_over_somebodys_project(starter: Path) -> None:
    fresh = starter.read_bytes()
    starter.write_bytes(b"my own game")
    with socket.create_server(("127.0.0.1", 0)) as server:
        for _ in range(2):
            result = CliRunner().invoke(main, ["demo", "--serve", "--port", str(server.getsockname()[1])])
            assert "cannot listen" in result.stderr
    found = {path.name: path.read_bytes() for path in starter.parent.glob("*.sb3")}
    assert found == {"starter.sb3": b"my own game", "starter-2.sb3": fresh}


@pytest.mark.parametrize("command", ["lint", "print", "install"])
def test_a_file_too_large_for_a_project_is_not_read_whole(
    starter: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    size = starter.stat().st_size
    monkeypatch.setattr(sprite, "MOST_BYTES", size)
    assert CliRunner().invoke(main, ["sprite", command, "starter.sb3"]).exit_code == 0
    monkeypatch.setattr(sprite, "MOST_BYTES", size - 1)
    result = CliRunner().invoke(main, ["sprite", command, "starter.sb3"])
    assert result.stderr == f"Error: starter.sb3 has more than {size - 1:,} bytes, and cannot be a project\n"


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_the_demo_takes_no_port_that_a_project_could_not_reach(starter: Path, port: str) -> None:
    result = CliRunner().invoke(main, ["demo", "--serve", "--port", port])
    assert (result.exit_code, "is not in the range" in result.stderr) == (2, True)


def test_blocks_are_printed_where_the_encoding_has_no_cloud_sign(starter: Path) -> None:
    everywhere = CliRunner().invoke(main, ["sprite", "print", "starter.sb3"])
    in_windows = CliRunner(charset="cp1252").invoke(main, ["sprite", "print", "starter.sb3"])
    assert (everywhere.exit_code, in_windows.exit_code) == (0, 0)
    assert "☁ TO_1" in everywhere.stdout
    assert r"\u2601 TO_1" in in_windows.stdout
