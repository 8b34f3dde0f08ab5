from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloudlink.errors import PlayerError
from cloudlink.player import install, node_available
from cloudlink.player.install import SOURCES, default_directory, install_locked

TESTS = Path(__file__).parents[1]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH; empty, for a machine without Node."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def write_program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_without_node_the_error_says_where_to_get_it(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(PlayerError, match=r"node is not on PATH: install Node.js 18 or newer"):
        install(tmp_path / "parts")
    assert not node_available()


def test_an_old_node_is_an_error(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v16.20.2")
    with pytest.raises(PlayerError, match=r"is Node.js v16.20.2: the player needs 18 or newer"):
        install(tmp_path / "parts")


def test_another_program_named_node_is_an_error(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo packet radio")
    with pytest.raises(PlayerError, match=r"is not Node.js: asked for its version it says 'packet radio'"):
        install(tmp_path / "parts")


def test_node_without_npm_is_an_error(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v20.1.0")
    with pytest.raises(PlayerError, match="npm is not on PATH"):
        install(tmp_path / "parts")
    assert not node_available()


def test_the_last_lines_of_a_failing_npm_are_shown(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v20.1.0")
    write_program(programs, "npm", "echo first >&2; echo npm error code E404 >&2; exit 7")
    with pytest.raises(PlayerError, match=r"(?s)exit code 7.*npm said:\nfirst\nnpm error code E404"):
        install(tmp_path / "parts")
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_a_finished_installation_is_left_alone(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v20.1.0")
    write_program(programs, "npm", ": > installed")
    steps: list[str] = []
    parts = install(tmp_path / "deep" / "parts", progress=steps.append)
    assert len(steps) == 2
    write_program(programs, "npm", "exit 1")
    assert install(parts, progress=steps.append) == tmp_path / "deep" / "parts"
    assert len(steps) == 2
    assert sorted(path.name for path in parts.iterdir()) == ["installed", "package-lock.json", "package.json"]


def test_another_lock_file_replaces_the_installation(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v20.1.0")
    write_program(programs, "npm", ": > installed")
    parts = install(tmp_path / "parts")
    (parts / "package-lock.json").write_text("{}")
    (parts / "leftover").touch()
    install(parts)
    assert (parts / "package-lock.json").read_bytes() == (SOURCES / "package-lock.json").read_bytes()
    assert not (parts / "leftover").exists()


def test_a_folder_with_other_files_is_left_alone(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v20.1.0")
    write_program(programs, "npm", ": > installed")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "package.json").write_text('{"name": "game"}')
    with pytest.raises(PlayerError, match=r"cannot write the Node parts into .*project"):
        install(tmp_path / "project")
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["package.json"]


def test_installing_at_the_same_time_does_no_harm(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "node", "echo v20.1.0")
    write_program(programs, "npm", ": > installed")
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: install(tmp_path / "parts"), range(6)))
    assert set(results) == {tmp_path / "parts"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "parts"]


def test_the_default_folder_is_named_after_the_lock_file() -> None:
    name = default_directory().name
    assert name.startswith("player-")
    assert len(name) == len("player-") + 16


@pytest.mark.parametrize("folder", [SOURCES, TESTS])
def test_locks_hold_exact_versions_and_hashes_but_no_addresses(folder: Path) -> None:
    manifest = json.loads((folder / "package.json").read_text())
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == manifest["dependencies"]
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
    for name in manifest.get("selfContained", []):
        assert "dependencies" not in packages[f"node_modules/{name}"]


def test_a_package_with_another_hash_is_not_installed(parts_folder: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(SOURCES, sources, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    lock = json.loads((sources / "package-lock.json").read_text())
    lock["packages"]["node_modules/ws"]["integrity"] = "sha512-" + "A" * 86 + "=="
    (sources / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(PlayerError, match=r"(?s)npm could not install.*EINTEGRITY"):
        install_locked(sources, tmp_path / "parts")
