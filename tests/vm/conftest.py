"""One Scratch machine with the companion sprite, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from companion import Companion

from cloudlink.player import Player
from cloudlink.sprite.companion import starter_sb3


@pytest.fixture(scope="session")
def companion(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    with Player(parts=parts) as player:
        yield Companion(player, tmp_path_factory.mktemp("companion"))


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter project."""
    path = tmp_path_factory.mktemp("starter") / "starter.sb3"
    path.write_bytes(starter_sb3())
    return path


@pytest.fixture(scope="module")
def vanilla_with_project(vanilla_player: Player, project: Path) -> Player:
    """Scratch's machine with the project of the test's file, which is loaded once."""
    vanilla_player.load(project)
    return vanilla_player


@pytest.fixture(scope="module")
def turbowarp_with_project(turbowarp_player: Player, project: Path) -> Player:
    """TurboWarp's machine with the project of the test's file, which is loaded once."""
    turbowarp_player.load(project)
    return turbowarp_player


@pytest.fixture
def machine_with_project(request: pytest.FixtureRequest, flavor: str) -> Player:
    """One machine and then the other, with the project of the test's file."""
    player: Player = request.getfixturevalue(f"{flavor}_with_project")
    return player
