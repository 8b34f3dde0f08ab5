"""Players of both machines, with the tiny project in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import RecordingServer
from tiny_project import write_project

from cloudlink.player import Player


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project") / "tiny.sb3")


@pytest.fixture
def player(vanilla_player: Player, project: Path) -> Player:
    """Scratch's machine with the project loaded afresh, so that no test sees the data of another."""
    vanilla_player.load(project)
    return vanilla_player


@pytest.fixture
def either_player(machine: Player, project: Path) -> Player:
    """As `player`, and the same with TurboWarp's machine."""
    machine.load(project)
    return machine


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server
