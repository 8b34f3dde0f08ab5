"""Players of both machines with the tiny project in it, and the Node parts, installed in pytest's cache folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_server import RecordingServer
from tiny_project import write_project

from cloudlink.player import Player, install, node_available
from cloudlink.player.install import install_locked

TESTS = Path(__file__).parents[1]
TURBOWARP_BUNDLE = "node_modules/@turbowarp/packager/dist/scaffolding/scaffolding-min.js"


@pytest.fixture(scope="session")
def parts_folder(pytestconfig: pytest.Config) -> Path:
    if not node_available():
        pytest.skip("Node.js 18 or newer with npm is not on PATH: no virtual machine can run")
    return pytestconfig.cache.mkdir("cloudlink-node")


@pytest.fixture(scope="session")
def parts(parts_folder: Path) -> Path:
    """The player's own parts, as a user gets them."""
    return install(parts_folder / "player")


@pytest.fixture(scope="session")
def turbowarp_bundle(parts_folder: Path) -> Path:
    """TurboWarp's machine, out of the parts that only tests need."""
    return install_locked(TESTS, parts_folder / "tests") / TURBOWARP_BUNDLE


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
