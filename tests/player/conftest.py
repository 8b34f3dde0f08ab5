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


@pytest.fixture(scope="module")
def vanilla_player(parts: Path) -> Iterator[Player]:
    with Player(parts=parts) as player:
        yield player


@pytest.fixture(scope="module")
def turbowarp_player(parts: Path, turbowarp_bundle: Path) -> Iterator[Player]:
    with Player(parts=parts, flavor="turbowarp", machine=turbowarp_bundle) as player:
        yield player


@pytest.fixture
def player(vanilla_player: Player, project: Path) -> Player:
    """Scratch's machine with the project loaded afresh, so that no test sees the data of another."""
    vanilla_player.load(project)
    return vanilla_player


@pytest.fixture(params=["vanilla", "turbowarp"])
def either_player(request: pytest.FixtureRequest, project: Path) -> Player:
    """As `player`, and the same with TurboWarp's machine."""
    player: Player = request.getfixturevalue(f"{request.param}_player")
    player.load(project)
    return player


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server
